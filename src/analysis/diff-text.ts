import { unreachable } from '../model/exhaustive.ts'
import { type AccessChange, UNNAMED } from './diff-report.ts'
import { denials, eitherOf, subjectText, together, type WordedWays, waysText, wayTexts } from './diff-words.ts'
import { shownName } from './words.ts'

/** Changes as sentences: those of which the same is said of several subjects are one. Names may be hostile. */
export function changeTexts(
  changes: readonly AccessChange[],
): { readonly text: string; readonly of: readonly AccessChange[] }[] {
  const alike = Map.groupBy(changes, (change) => sentence(change, NOBODY))
  return [...alike.values()].map((of) => ({ text: of[0] ? sentence(of[0], subjectsText(of)) : '', of }))
}

/** A change as a sentence. Names may be hostile: what prints it escapes them. */
export function changeText(change: AccessChange): string {
  return sentence(change, subjectsText([change]))
}

interface SubjectsText {
  readonly who: string
  readonly isOne: boolean
}

const NOBODY: SubjectsText = { who: '', isOne: true }

function subjectsText(changes: readonly AccessChange[]): SubjectsText {
  const subjects = changes.flatMap((change) => change.subjects)
  const texts = [...new Set(subjects.map(subjectText))]
  return { who: together(texts), isOne: texts.length === 1 && subjects[0]?.kind !== 'caller' }
}

function sentence(change: AccessChange, { who, isOne }: SubjectsText): string {
  const { before, after, rules } = change
  const what = whatText(change)
  const by = rules.length === 0 ? '' : `${rules.length === 1 ? 'rule' : 'rules'} ${rules.map(shownName).join(', ')}`
  const under = (ways: WordedWays) => (waysText(ways) === '' ? '' : `, ${waysText(ways)}`)
  switch (change.change) {
    case 'gained':
      return `${who} ${isOne ? 'gains' : 'gain'} ${what}${under(after)}${noted(by)}`
    case 'lost':
      return `${who} ${isOne ? 'loses' : 'lose'} ${what}${under(before)}${noted(by)}`
    case 'widened':
      return `${what} for ${who}: ${deltaText(change)}${noted('wider', by)}`
    case 'narrowed':
      return `${what} for ${who}: ${deltaText(change)}${noted('narrower', by)}`
    case 'changed':
      return `${what} for ${who}: ${deltaText(change)}${noted('wider for some requests, narrower for others', by)}`
    default:
      return unreachable(change.change)
  }
}

function noted(...notes: readonly string[]): string {
  const said = notes.filter((note) => note !== '')
  return said.length === 0 ? '' : ` (${said.join('; ')})`
}

function whatText({ operations, models }: Pick<AccessChange, 'operations' | 'models'>): string {
  const named = models.map((name) => (name === UNNAMED ? 'a model that is not named' : universal(name, 'any model')))
  const asked = operations.map((name) => universal(name, 'every operation')).join(', ')
  if (named.length > 0) return `${asked} with ${named.join(', ')}`
  return asked.startsWith('every') ? `${asked} without a model` : asked
}

/** `*` and `* but …`, said in words. */
function universal(name: string, word: string): string {
  if (name === '*') return word
  return name.startsWith('* but ') ? `${word}${name.slice(1)}` : name
}

/** What is asked for now and was not before, and the other way round. What is the same in both is not said. */
function deltaText({ before, after, witnesses }: AccessChange): string {
  const ways = difference(wayTexts(before), wayTexts(after))
  const denied = difference(denials(before), denials(after))
  const said = [
    ...waysDelta(ways, before, after),
    ...denied.added.map((text) => `now denied where ${text}`),
    ...denied.gone.map((text) => `no longer denied where ${text}`),
  ]
  return said.length > 0 ? said.join(', ') : effectsText(witnesses)
}

/** Nothing is asked for that was not before: what changes is who meets it, or what those are told who do not. */
function effectsText(witnesses: AccessChange['witnesses']): string {
  const said = witnesses.map(({ before, after }) => {
    if (before === 'deny' && after === 'step_up') return 'who was denied is asked to sign in again'
    if (before === 'step_up' && after === 'deny') return 'who was asked to sign in again is denied'
    return 'under the same conditions, for other callers'
  })
  return [...new Set(said)].join(', and ')
}

function waysDelta({ added, gone }: Difference, before: WordedWays, after: WordedWays): string[] {
  if (added.length === 1 && gone.length === 1) {
    const single = ({ allowed }: WordedWays, text: string | undefined) =>
      allowed.find(({ conditions }) => conditions.map((one) => one.text).join(', ') === text)?.conditions ?? []
    const texts = (ways: WordedWays, text: string | undefined) => single(ways, text).map((one) => one.text)
    const parts = difference(texts(before, gone[0]), texts(after, added[0]))
    if (parts.added.length === 0) return [`no longer only ${parts.gone.join(', ')}`]
    if (parts.gone.length === 0) return [`now also only ${parts.added.join(', ')}`]
    return [`now ${parts.added.join(', ')} instead of ${parts.gone.join(', ')}`]
  }
  if (added.length > 0 && gone.length > 0) return [`before ${eitherOf(gone)}; now ${eitherOf(added)}`]
  if (added.length > 0) return [`now also ${eitherOf(added)}`]
  return gone.length > 0 ? [`no longer ${eitherOf(gone)}`] : []
}

interface Difference {
  readonly added: readonly string[]
  readonly gone: readonly string[]
}

function difference(old: readonly string[], young: readonly string[]): Difference {
  return { added: young.filter((text) => !old.includes(text)), gone: old.filter((text) => !young.includes(text)) }
}
