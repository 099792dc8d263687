import { contains, type Network } from '../../model/address.ts'
import { durationMs, sizeBytes } from '../../model/units.ts'
import { claimSteps } from '../claim-path.ts'
import type { CONDITIONS } from '../conditions/index.ts'
import { isSubsumed } from '../patterns.ts'
import type { WhenDocument } from '../schema.ts'
import type { TextTest } from '../text-test.ts'
import { rangesOf } from './ranges.ts'
import { isWithin } from './week.ts'

type Whole = Required<WhenDocument>
type Name = keyof typeof CONDITIONS
/**
 * Whether the first of two conditions is as narrow as the second: where the first is *yes*, so is the second, and where
 * the second is *no*, so is the first. Both halves are needed, one for allows and one for denies. False where that is
 * not certain.
 */
type Implies<Written> = (inner: Written, outer: Written) => boolean

const isSublist: Implies<readonly string[]> = (inner, outer) => inner.every((name) => outer.includes(name))
const arePatternsWithin: Implies<readonly string[]> = (inner, outer) =>
  inner.every((pattern) => outer.some((wider) => isSubsumed(pattern, wider)))

const IMPLIES: { readonly [Key in Name]: Implies<Whole[Key]> } = {
  mfa: (inner, outer) => outer === true || (inner !== true && durationMs(inner.max_age) <= durationMs(outer.max_age)),
  acr: isSublist,
  method: isSublist,
  network: (inner, outer) =>
    rangesOf(inner).every((range) => rangesOf(outer).some((wider) => isRangeWithin(range, wider))),
  time: (inner, outer) => inner.zone === outer.zone && isWithin(inner, outer),
  claim: (inner, outer) => isSamePath(inner.path, outer.path) && isTextTestWithin(inner, outer),
  header: (inner, outer) => inner.name.toLowerCase() === outer.name.toLowerCase() && isTextTestWithin(inner, outer),
  region: isSublist,
  upstream: (inner, outer) =>
    Object.entries(outer.labels).every(
      ([name, value]) => Object.hasOwn(inner.labels, name) && inner.labels[name] === value,
    ),
  max_output_tokens: (inner, outer) => inner.at_most <= outer.at_most,
  input: (inner, outer) =>
    (['images', 'files', 'audio'] as const).every((kind) => outer[kind] === undefined || outer[kind] === inner[kind]) &&
    (outer.max_bytes === undefined ||
      (inner.max_bytes !== undefined && sizeBytes(inner.max_bytes) <= sizeBytes(outer.max_bytes))),
  tools: (inner, outer) =>
    (['functions', 'hosted'] as const).every((kind) => {
      const [narrow, wide] = [inner[kind], outer[kind]]
      return wide === undefined || (narrow !== undefined && arePatternsWithin(narrow, wide))
    }),
  urls: arePatternsWithin,
  stream: (inner, outer) => inner === outer,
}

/** Whether every condition of `outer` is implied by one of `inner`. */
export function areImplied(inner: WhenDocument, outer: WhenDocument): boolean {
  return (Object.keys(outer) as Name[]).every((name) => isImplied(name, inner, outer))
}

function isImplied<Key extends Name>(name: Key, inner: WhenDocument, outer: WhenDocument): boolean {
  const [narrow, wide] = [inner[name], outer[name]]
  if (wide === undefined) return true
  return narrow !== undefined && IMPLIES[name](narrow as Whole[Key], wide as Whole[Key])
}

function isRangeWithin(inner: Network, outer: Network): boolean {
  return inner.bits >= outer.bits && contains(outer, inner.groups)
}

function isSamePath(one: string | readonly string[], other: string | readonly string[]): boolean {
  const [steps, more] = [claimSteps(one), claimSteps(other)]
  return steps.length === more.length && steps.every((step, index) => step === more[index])
}

/** The texts or the one pattern that a test accepts, as patterns in which a plain text has no star. */
function isTextTestWithin(inner: TextTest, outer: TextTest): boolean {
  const texts = textsOf(inner)
  const wider = textsOf(outer)
  if (texts !== null && wider !== null) return isSublist(texts, wider)
  if (outer.matches === undefined) return false
  const pattern = outer.matches
  return texts === null ? isSubsumed(inner.matches ?? '', pattern) : texts.every((text) => isSubsumed(text, pattern))
}

/** The texts of which one must be there; null for a pattern. */
export function textsOf({ equals, in: list }: TextTest): readonly string[] | null {
  return list ?? (equals === undefined ? null : [equals])
}
