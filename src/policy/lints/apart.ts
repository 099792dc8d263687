import { contains, type Network } from '../../model/address.ts'
import { MODEL_OPERATIONS } from '../../model/operations.ts'
import type { CONDITIONS } from '../conditions/index.ts'
import { doOverlap } from '../patterns.ts'
import type { WhenDocument } from '../schema.ts'
import type { LintRule } from './lint.ts'
import { rangesOf } from './ranges.ts'
import { isApart } from './week.ts'

type Whole = Required<WhenDocument>
type Name = keyof typeof CONDITIONS
/** Whether the second condition is *no* wherever the first is *yes*. False where that is not certain. */
type Excludes<Written> = (one: Written, other: Written) => boolean

const haveNothingInCommon: Excludes<readonly string[]> = (one, other) => !one.some((name) => other.includes(name))
/** Both may hold for the same request, whatever they say. */
const never = () => false

const EXCLUDES: { readonly [Key in Name]: Excludes<Whole[Key]> } = {
  mfa: never,
  acr: haveNothingInCommon,
  method: haveNothingInCommon,
  network: (one, other) => rangesOf(one).every((range) => rangesOf(other).every((more) => !doRangesMeet(range, more))),
  time: (one, other) => one.zone === other.zone && isApart(one, other),
  // A claim may be a list of which one element is the one text and another the other.
  claim: never,
  header: (one, other) => {
    if (one.name.toLowerCase() !== other.name.toLowerCase()) return false
    const [texts, more] = [one.in ?? [one.equals], other.in ?? [other.equals]]
    return one.matches === undefined && other.matches === undefined && !texts.some((text) => more.includes(text))
  },
  region: haveNothingInCommon,
  upstream: (one, other) =>
    Object.entries(one.labels).some(
      ([name, value]) => Object.hasOwn(other.labels, name) && other.labels[name] !== value,
    ),
  // A request that asks for little, or for none of them, is within every bound.
  max_output_tokens: never,
  input: (one, other) =>
    (['images', 'files', 'audio'] as const).some(
      (kind) => one[kind] !== undefined && other[kind] !== undefined && one[kind] !== other[kind],
    ),
  tools: never,
  urls: never,
  stream: (one, other) => one !== other,
}

/**
 * Whether a deny never applies to what an allow allows. Roles and workspaces are no reason: one person holds several
 * roles, and a workspace that cannot be told counts for a deny.
 */
export function areApart(allow: LintRule, deny: LintRule): boolean {
  return !doOperationsMeet(allow, deny) || !doModelsMeet(allow, deny) || areConditionsApart(allow.when, deny.when)
}

function doOperationsMeet({ operations }: LintRule, { operations: others }: LintRule): boolean {
  if (operations === null || others === null) return true
  return operations.some((name) => others.some((other) => doOverlap(name, other)))
}

function doModelsMeet(allow: LintRule, deny: LintRule): boolean {
  const { models, operations } = allow
  if (models === null || deny.models === null) return true
  if (models.some((name) => deny.models?.some((other) => doOverlap(name, other)))) return true
  // What is left are requests without a model, of which both speak only by naming an operation that has none.
  if (operations === null || deny.operations === null) return false
  const modelless = operations.filter((name) => !MODEL_OPERATIONS.includes(name))
  return modelless.some((name) => deny.operations?.some((other) => doOverlap(name, other)))
}

function areConditionsApart(one: WhenDocument, other: WhenDocument): boolean {
  return (Object.keys(other) as Name[]).some((name) => isExcluded(name, one, other))
}

function isExcluded<Key extends Name>(name: Key, one: WhenDocument, other: WhenDocument): boolean {
  const [written, more] = [one[name], other[name]]
  return written !== undefined && more !== undefined && EXCLUDES[name](written as Whole[Key], more as Whole[Key])
}

function doRangesMeet(one: Network, other: Network): boolean {
  return one.bits >= other.bits ? contains(other, one.groups) : contains(one, other.groups)
}
