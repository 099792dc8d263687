import type { UpstreamFacts } from '../model/decision.ts'
import { findAddress } from './find-address.ts'
import { findText } from './find-text.ts'
import { findInstant } from './find-time.ts'
import type { PartTest, Texts } from './parts.ts'

/** A value of a fact; undefined where it cannot be told or was not looked for. */
export type FactValue = string | number | boolean | null | undefined | readonly string[] | UpstreamFacts
export type Found = { readonly value: FactValue } | null

/** What a fact can be, where its tests do not say: one of a few names, a time within a year of another. */
interface Domain {
  readonly names: readonly (string | null)[]
  /** Epoch milliseconds. */
  readonly at: number
}

type TestOf<Kind extends PartTest['kind']> = Extract<PartTest, { kind: Kind }>

/** A value of one fact that can be told, which passes all of `yes` and none of `no`; their tests are of one kind. */
export function findTold(yes: readonly PartTest[], no: readonly PartTest[], { names, at }: Domain): Found {
  const kind = (yes[0] ?? no[0])?.kind
  const of = <Kind extends PartTest['kind']>(tests: readonly PartTest[], only: Kind) =>
    tests.filter((test): test is TestOf<Kind> => test.kind === only)
  switch (kind) {
    case 'is':
      return flagFound([...of(yes, kind).map(({ value }) => value), ...of(no, kind).map(({ value }) => !value)])
    case 'most':
      return numberFound(of(yes, kind), of(no, kind))
    case 'text':
      return textFound(of(yes, kind), of(no, kind))
    case 'some':
      return listFound(of(yes, kind).map((test) => textFound([test], of(no, kind))))
    case 'every':
      return listFound(of(no, kind).map((test) => textFound(of(yes, kind), [test])))
    case 'among':
      return nameFound(of(yes, kind), of(no, kind), names)
    case 'network': {
      const ranges = (tests: readonly PartTest[]) => of(tests, kind).map((test) => test.ranges)
      const address = findAddress(ranges(yes), ranges(no))
      return address === null ? null : { value: address }
    }
    case 'time': {
      const windows = (tests: readonly PartTest[]) => of(tests, kind).map(({ window }) => window)
      const instant = findInstant(windows(yes), windows(no), at)
      return instant === null ? null : { value: instant }
    }
    default:
      throw new Error(`no value is looked for by ${kind} alone`)
  }
}

function flagFound(wanted: readonly boolean[]): Found {
  const [value] = wanted
  return wanted.every((one) => one === value) ? { value } : null
}

function numberFound(yes: readonly TestOf<'most'>[], no: readonly TestOf<'most'>[]): Found {
  const most = Math.min(...yes.map((test) => test.most))
  const least = Math.max(0, ...no.map((test) => test.most + 1))
  return least > most ? null : { value: most === Number.POSITIVE_INFINITY ? least : most }
}

function textFound(yes: readonly { texts: Texts }[], no: readonly { texts: Texts }[]): Found {
  const all = (tests: readonly { texts: Texts }[]) => tests.map(({ texts }) => texts)
  const found = findText(all(yes), all(no))
  if (found === 'none') return null
  // A search that gave up counts as found: rather too much access is told than too little.
  return { value: found === 'undecided' ? undefined : found.text }
}

function listFound(items: readonly Found[]): Found {
  if (items.includes(null)) return null
  return { value: items.flatMap((item) => (typeof item?.value === 'string' ? [item.value] : [])) }
}

function nameFound(yes: readonly TestOf<'among'>[], no: readonly TestOf<'among'>[], names: Domain['names']): Found {
  const has = (test: TestOf<'among'>, name: string | null) => name !== null && test.names.includes(name)
  const value = names.find((name) => yes.every((test) => has(test, name)) && !no.some((test) => has(test, name)))
  return value === undefined ? null : { value }
}
