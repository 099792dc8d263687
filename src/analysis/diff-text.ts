import { type AccessChange, UNNAMED } from './diff-report.ts'
import { demands, denials, subjectText, together, type WordedWays, waysText } from './diff-words.ts'
import { shownName } from './words.ts'

/** A change as a sentence. Names may be hostile: what prints it escapes them. */
export function changeText(change: AccessChange): string {
  const { subjects, before, after, rules } = change
  const who = together(subjects.map(subjectText))
  const isOne = subjects.length === 1 && subjects[0]?.kind !== 'caller'
  const what = whatText(change)
  const by = rules.length === 0 ? '' : `${rules.length === 1 ? 'rule' : 'rules'} ${rules.map(shownName).join(', ')}`
  const with_ = (ways: WordedWays) => (waysText(ways) === '' ? '' : `, ${waysText(ways)}`)
  switch (change.change) {
    case 'gained':
      return `${who} ${isOne ? 'gains' : 'gain'} ${what}${with_(after)}${noted(by)}`
    case 'lost':
      return `${who} ${isOne ? 'loses' : 'lose'} ${what}${with_(before)}${noted(by)}`
    case 'widened':
      return `${what} for ${who}: ${deltaText(before, after)}${noted('wider', by)}`
    case 'narrowed':
      return `${what} for ${who}: ${deltaText(before, after)}${noted('narrower', by)}`
    case 'changed':
      return `${what} for ${who}: ${deltaText(before, after)}${noted('wider for some requests, narrower for others', by)}`
  }
}

function noted(...notes: readonly string[]): string {
  const said = notes.filter((note) => note !== '')
  return said.length === 0 ? '' : ` (${said.join('; ')})`
}

function whatText({ operations, models }: Pick<AccessChange, 'operations' | 'models'>): string {
  const named = models.map((name) => (name === UNNAMED ? 'a model that is not named' : universal(name, 'any model')))
  const asked = operations.map((name) => universal(name, 'every operation')).join(', ')
  return named.length === 0 ? asked : `${asked} with ${named.join(', ')}`
}

/** `*` and `* but …`, said in words. */
function universal(name: string, word: string): string {
  if (name === '*') return word
  return name.startsWith('* but ') ? `${word}${name.slice(1)}` : name
}

/** What is asked for now and was not before, and the other way round. */
function deltaText(before: WordedWays, after: WordedWays): string {
  const asked = changed(demands(before), demands(after))
  const denied = changed(denials(before), denials(after))
  if (
    asked === null ||
    denied === null ||
    [asked, denied].every(({ added, gone }) => added.length + gone.length === 0)
  ) {
    return `before ${freeText(before)}; now ${freeText(after)}`
  }
  const said = [
    ...(asked.added.length > 0 && asked.gone.length > 0
      ? [`now ${asked.added.join(', ')} instead of ${asked.gone.join(', ')}`]
      : [
          ...(asked.added.length > 0 ? [`now also only ${asked.added.join(', ')}`] : []),
          ...(asked.gone.length > 0 ? [`no longer only ${asked.gone.join(', ')}`] : []),
        ]),
    ...denied.added.map((text) => `now denied where ${text}`),
    ...denied.gone.map((text) => `no longer denied where ${text}`),
  ]
  return said.join(', ')
}

function changed(old: readonly string[] | null, young: readonly string[] | null) {
  if (old === null || young === null) return null
  return { added: young.filter((text) => !old.includes(text)), gone: old.filter((text) => !young.includes(text)) }
}

function freeText(ways: WordedWays): string {
  if (ways.allowed.length === 0) return 'not at all'
  const text = waysText(ways)
  return text === '' ? 'without conditions' : text
}
