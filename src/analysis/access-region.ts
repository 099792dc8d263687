import { canBeUntold, type FindFacts, type Wanted } from './access-facts.ts'
import type { Part } from './parts.ts'

/** A rule in a situation in which its selectors may match: the parts that are still to be asked. */
export interface OpenRule {
  readonly id: string
  readonly parts: readonly Part[]
}

/** A deny that takes a part of what an allow gives. */
interface Exception {
  readonly rule: string
  /** It applies where every one of these is *yes* or, where it is so marked, cannot be told. */
  readonly parts: readonly { readonly part: Part; readonly orUntold: boolean }[]
}

/** What is left of an allow: nothing, because of denies or by itself, or what holds under `parts`, save the exceptions. */
type Remainder =
  | { readonly left: false; readonly by: readonly string[] }
  | { readonly left: true; readonly parts: readonly Part[]; readonly exceptions: readonly Exception[] }

/** Ways to evade denies that are tried before a search gives up. */
const MAX_TRIED = 5_000

/** An allow minus denies: everything in the allow is *yes*, and in each deny something is *no*. */
export function remainder(allow: OpenRule, denies: readonly OpenRule[], find: FindFacts): Remainder {
  const base = allow.parts.map((part): Wanted => ({ part, answer: 'yes' }))
  if (find(base) === null) return { left: false, by: [] }
  const exceptions: Exception[] = []
  for (const { id, parts } of denies) {
    const can = (part: Part, answer: Wanted['answer']) => find([...base, { part, answer }]) !== null
    if (parts.some((part) => !can(part, 'not_no'))) continue
    const open = parts.filter((part) => can(part, 'no'))
    if (open.length === 0) return { left: false, by: [id] }
    const isTold = (part: Part) => allow.parts.some(({ fact }) => fact === part.fact)
    const marked = open.map((part) => ({ part, orUntold: canBeUntold(part) && !isTold(part) }))
    exceptions.push({ rule: id, parts: marked })
  }
  if (!canEvade(base, exceptions, find)) return { left: false, by: core(base, exceptions, find) }
  return { left: true, parts: allow.parts.filter((part) => !isVain(part, find)), exceptions }
}

/** Whether what the first gives, the second gives, too: what denies take away is the same for both. */
export function isWithin(inner: readonly Part[], outer: readonly Part[], find: FindFacts): boolean {
  const base = inner.map((part): Wanted => ({ part, answer: 'yes' }))
  return outer.every((part) => find([...base, { part, answer: 'not_yes' }]) === null)
}

/** A part that is *yes* whatever the request. What is granted for hosts is told always: without it, none are. */
function isVain(part: Part, find: FindFacts): boolean {
  return part.condition !== 'urls' && find([{ part, answer: 'not_yes' }]) === null
}

/** Whether in each exception something can be *no* at once. A search that would take too long counts as a way. */
export function evasion(base: readonly Wanted[], exceptions: readonly Exception[], find: FindFacts): Wanted[] | null {
  const order = [...exceptions].sort((a, b) => a.parts.length - b.parts.length)
  let tried = 0
  const go = (wanted: Wanted[], index: number): Wanted[] | null => {
    const exception = order[index]
    if (exception === undefined) return wanted
    for (const { part } of exception.parts) {
      if (++tried > MAX_TRIED) return wanted
      const next = [...wanted, { part, answer: 'no' as const }]
      const found = find(next) === null ? null : go(next, index + 1)
      if (found !== null) return found
    }
    return null
  }
  return go([...base], 0)
}

function canEvade(base: readonly Wanted[], exceptions: readonly Exception[], find: FindFacts): boolean {
  return evasion(base, exceptions, find) !== null
}

/** The denies that together take everything away, without those that are not needed for it. */
function core(base: readonly Wanted[], exceptions: readonly Exception[], find: FindFacts): string[] {
  let needed = exceptions
  for (const exception of exceptions) {
    const fewer = needed.filter((one) => one !== exception)
    if (!canEvade(base, fewer, find)) needed = fewer
  }
  return needed.map(({ rule }) => rule)
}
