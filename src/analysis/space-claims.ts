import { type ClaimTest, claimSteps } from '../policy/claim-path.ts'
import { ALWAYS, type Space, type Three, type UntoldSet } from './space.ts'
import type { Formula } from './space-formula.ts'
import { type Budget, TooLarge } from './space-solve.ts'
import { selectorTest, type TextSelector, testSelector, textClasses } from './space-text.ts'

/** Claims by their paths. A claim is a text, a list of texts (a text is a list of one), or cannot be told. */
export interface ClaimSpace {
  readonly match: (test: ClaimTest) => Three
}

interface Path {
  readonly key: string
  readonly steps: readonly string[]
  readonly selectors: readonly TextSelector[]
}

/** More paths within each other than this are not told apart one by one. */
const MAX_FAMILY = 12

export function claimSpace(space: Space, written: readonly object[], budget: Budget): ClaimSpace {
  const byPath = Map.groupBy(written as readonly ClaimTest[], ({ path }) => keyOf(path))
  const paths = [...byPath].map(([key, tests]) => ({
    key,
    steps: claimSteps(tests[0]?.path ?? ''),
    selectors: [...new Map(tests.map((test) => [JSON.stringify(testSelector(test)), testSelector(test)])).values()],
  }))
  const known = new Map<string, UntoldSet>()
  for (const family of familiesOf(paths)) {
    for (const [key, set] of familySets(space, family, budget)) known.set(key, set)
  }
  return {
    match: (test) => known.get(keyOf(test.path))?.some(selectorTest(testSelector(test))) ?? ALWAYS,
  }
}

function keyOf(path: ClaimTest['path']): string {
  return JSON.stringify(claimSteps(path))
}

/** A claim with members is no text: of paths within each other, one at most can be told. */
function areNested(a: Path, b: Path): boolean {
  const [short, long] = a.steps.length < b.steps.length ? [a, b] : [b, a]
  return short.steps.every((step, index) => step === long.steps[index])
}

/** Paths that are within each other, directly or by way of others. */
function familiesOf(paths: readonly Path[]): Path[][] {
  const families: Path[][] = []
  for (const path of [...paths].sort((a, b) => a.steps.length - b.steps.length)) {
    const family = families.find(([root]) => root !== undefined && areNested(root, path))
    if (family) family.push(path)
    else families.push([path])
  }
  return families
}

function familySets(space: Space, family: readonly Path[], budget: Budget): [string, UntoldSet][] {
  const classes = family.map(({ selectors }) => {
    const tests = selectors.map(selectorTest)
    return textClasses(selectors, budget, []).filter((text) => tests.some((test) => test(text)))
  })
  const told = toldTogether(family)
  const chosen = new Map<Path, string[]>()
  const sets = family.map((path, index) =>
    space.set(classes[index] ?? [], (_, texts) => {
      chosen.set(path, texts)
    }),
  )
  const choice = space.choice(told, (facts, paths) => {
    for (const path of paths) facts.claims.push({ steps: path.steps, values: chosen.get(path) ?? [] })
  })
  const isTold = (path: Path): Formula => choice.is((paths) => paths.includes(path))
  return family.map((path, index) => {
    const set = sets[index]
    if (!set) throw new Error('a path without its texts')
    return [path.key, space.untoldSet(set, isTold(path))]
  })
}

/** Every set of paths that can be told together, none first. */
function toldTogether(family: readonly Path[]): (readonly Path[])[] {
  let sets: (readonly Path[])[] = [[]]
  if (family.length > MAX_FAMILY) throw new TooLarge('too many claims are within each other')
  for (const path of family) {
    const more = sets.filter((set) => !set.some((other) => areNested(other, path))).map((set) => [...set, path])
    sets = [...sets, ...more]
  }
  return sets
}
