import { isPattern } from '../model/pattern.ts'
import { namesSelector, selectorTest } from './space-text.ts'
import { shownName } from './words.ts'

/** What names can be called by: the names themselves, patterns, and `@sets`. */
export interface Vocabulary {
  /** Each name is a class of its own. */
  readonly names: ReadonlySet<string>
  readonly wide: readonly { readonly word: string; readonly test: (name: string) => boolean }[]
}

/** `written` are names and patterns; sets go by their names, without the `@`. */
export function vocabulary(written: readonly string[], sets: ReadonlyMap<string, readonly string[]>): Vocabulary {
  const wide = [
    ...[...sets].map(([name, list]) => [`@${name}`, list] as const),
    ...[...new Set(written.filter(isPattern))].map((pattern) => [pattern, [pattern]] as const),
  ]
  return {
    names: new Set(written.filter((name) => !isPattern(name))),
    wide: wide.map(([word, list]) => ({ word, test: selectorTest(namesSelector(list)) })),
  }
}

/**
 * Calls some of the classes by name, each of which stands for all names that are like its own: by sets and patterns that
 * cover nothing else, by names, and where there is none by the narrowest pattern around it and what of that is not
 * meant. `*` is all of them.
 */
export function namesOf(chosen: readonly string[], all: readonly string[], words: Vocabulary): string[] {
  if (chosen.length === all.length) return ['*']
  const { said, open } = covered(chosen, all, words)
  return [...said, ...new Set(open.map((name) => within(name, new Set(chosen), all, words)))]
}

function covered(chosen: readonly string[], all: readonly string[], { names, wide }: Vocabulary) {
  const among = new Set(chosen)
  const left = new Set(chosen)
  const said: string[] = []
  const covers = wide
    .map(({ word, test }) => ({ word, classes: all.filter(test) }))
    .filter(({ classes }) => classes.length > 1 || classes.some((name) => !names.has(name)))
    .filter(({ classes }) => classes.every((name) => among.has(name)))
    .sort((a, b) => b.classes.length - a.classes.length)
  for (const { word, classes } of covers) {
    if (!classes.some((name) => left.has(name))) continue
    said.push(shownName(word))
    for (const name of classes) left.delete(name)
  }
  const named = [...left].filter((name) => names.has(name))
  return { said: [...said, ...named.map(shownName)], open: [...left].filter((name) => !names.has(name)) }
}

function within(name: string, among: ReadonlySet<string>, all: readonly string[], words: Vocabulary): string {
  const around = [{ word: '*', test: (_: string) => true }, ...words.wide]
    .filter(({ test }) => test(name))
    .map(({ word, test }) => ({ word, classes: all.filter(test) }))
    .sort((a, b) => a.classes.length - b.classes.length)
  const { word = '*', classes = all } = around[0] ?? {}
  const others = classes.filter((other) => !among.has(other))
  const { said, open } = covered(others, all, words)
  const but = [...said, ...open.map(shownName)]
  return but.length === 0 ? shownName(word) : `${shownName(word)} but ${but.join(', ')}`
}
