import type { OutlineTransform } from '../policy/outline.ts'
import type { Aside } from './diff-aside.ts'
import { sameText } from './diff-same.ts'
import { type Detail, type Outlines, selectorDetails } from './diff-selectors.ts'
import { shownName } from './words.ts'

/** What is done otherwise to requests that are allowed: what falls away has a sentence of its own. */
export function transformAsides(outlines: Outlines): Aside[] {
  const [old, young] = [byId(outlines.before.transforms), byId(outlines.after.transforms)]
  const [gone, added] = [only(old, young), only(young, old)]
  const newNames = Map.groupBy(added, contentOf)
  const renamed = new Map<string, string>()
  for (const one of gone) {
    const name = newNames.get(contentOf(one))?.shift()?.id
    if (name !== undefined) renamed.set(one.id, name)
  }
  const names = new Set(renamed.values())
  return [
    ...gone.map((one) => renamedAside(one, renamed.get(one.id)) ?? removedAside(one)),
    ...[...old.values()].flatMap((one) => {
      const now = young.get(one.id)
      return now ? changedAsides(one, now, outlines) : []
    }),
    ...added.filter(({ id }) => !names.has(id)).map(addedAside),
  ]
}

function byId(transforms: readonly OutlineTransform[]): ReadonlyMap<string, OutlineTransform> {
  return new Map(transforms.map((one) => [one.id, one]))
}

function only(
  own: ReadonlyMap<string, OutlineTransform>,
  other: ReadonlyMap<string, OutlineTransform>,
): OutlineTransform[] {
  return [...own.values()].filter(({ id }) => !other.has(id))
}

function contentOf({ id: _, ...content }: OutlineTransform): string {
  return sameText(content)
}

function renamedAside({ id }: OutlineTransform, name: string | undefined): Aside | null {
  if (name === undefined) return null
  const sentence = `transform ${shownName(id)} is called ${shownName(name)} now: of several, the last one by its name counts`
  return { what: 'transform', change: 'renamed', names: [id, name], isWeaker: false, sentence }
}

function removedAside(one: OutlineTransform): Aside {
  const sentence = `transform ${shownName(one.id)} is removed, and with it ${askedFor(one)} (weaker)`
  return { what: 'transform', change: 'removed', names: [one.id], isWeaker: true, sentence }
}

function addedAside(one: OutlineTransform): Aside {
  const sentence = `transform ${shownName(one.id)} is added: ${askedFor(one)}`
  return { what: 'transform', change: 'added', names: [one.id], isWeaker: false, sentence }
}

function changedAsides(before: OutlineTransform, after: OutlineTransform, outlines: Outlines): Aside[] {
  const details = [...settingDetails(before, after), ...selectorDetails(before, after, outlines)]
  const { id } = before
  return [true, false].flatMap((isWeaker): Aside[] => {
    const texts = details.filter((one) => one.isWeaker === isWeaker).map(({ text }) => text)
    if (texts.length === 0) return []
    const said = texts.join('; ')
    const sentence = `transform ${shownName(id)} is ${isWeaker ? `loosened: ${said} (weaker)` : `changed: ${said}`}`
    return [{ what: 'transform', change: 'changed', names: [id], isWeaker, sentence }]
  })
}

/** Never the text that it puts in front: that is for the model. */
function askedFor({ set, prepend }: OutlineTransform): string {
  const settings = Object.entries(set).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return [...settings, ...(prepend === null ? [] : ['a text in front'])].join(', ')
}

function settingDetails(before: OutlineTransform, after: OutlineTransform): Detail[] {
  const young = new Map<string, unknown>(Object.entries(after.set))
  const old = new Map<string, unknown>(Object.entries(before.set))
  const kept = [...old].flatMap(([name, value]) => settingDetail(name, value, young.get(name)))
  const added = [...young]
    .filter(([name]) => !old.has(name))
    .map(([name, value]) => ({ text: `now ${name} ${JSON.stringify(value)}`, isWeaker: false }))
  return [...kept, ...added, ...prependDetails(before.prepend, after.prepend)]
}

function settingDetail(name: string, before: unknown, after: unknown): Detail[] {
  if (after === before) return []
  if (after === undefined) return [{ text: `no longer ${name} ${JSON.stringify(before)}`, isWeaker: true }]
  const isWeaker = name === 'max_output_tokens' ? Number(after) > Number(before) : name === 'store' && after === true
  return [{ text: `${name} ${JSON.stringify(after)} instead of ${JSON.stringify(before)}`, isWeaker }]
}

function prependDetails(before: string | null, after: string | null): Detail[] {
  if (before === after) return []
  if (after === null) return [{ text: 'no longer a text in front', isWeaker: true }]
  return [{ text: before === null ? 'now a text in front' : 'another text in front', isWeaker: false }]
}
