import type { AuditEvent } from '../../model/audit.ts'
import type { Budget } from './budget.ts'

type Extra = NonNullable<AuditEvent['extra']>
type Leaf = Extra[string]
interface Branch extends Map<string, Leaf | Branch> {}

/** Our own members that an event may have; an extra member must not stand beside one of the same name. */
const OWN = new Set([
  'stage',
  'decision',
  'operation',
  'alias',
  'workspace',
  'auth',
  'policy',
  'stream',
  'request',
  'shadow',
  'finish_reasons',
  'ttft_ns',
  'upstream_ns',
  'overhead_ns',
  'attempts',
  'tokens',
  'region',
])
const KEY_BYTES = 48
const MAX_DEPTH = 4

/**
 * The flat extra members of a lifecycle event, nested at their dots. A member whose place is taken is left out and
 * named in `sallyport.truncated`: a key must not stand twice in one object.
 */
export function extraMembers(extra: Extra, besideOwn: boolean, budget: Budget): string {
  const root: Branch = new Map()
  let left = budget.members
  for (const [dotted, value] of Object.entries(extra)) {
    const [first = '', ...rest] = dotted.split('.', MAX_DEPTH + 1)
    const taken = first === 'truncated' || (besideOwn && OWN.has(first))
    if (
      taken ||
      rest.length >= MAX_DEPTH ||
      left === 0 ||
      dotted.length > KEY_BYTES ||
      !plant(root, first, rest, value)
    ) {
      if (!budget.cut.includes('sallyport')) budget.cut.push('sallyport')
    } else left--
  }
  return branchMembers(root, budget)
}

/** False when a value already stands where a branch is needed, or the other way round. */
function plant(branch: Branch, name: string, rest: readonly string[], value: Leaf): boolean {
  const [next, ...further] = rest
  if (next === undefined) {
    if (branch.has(name)) return false
    branch.set(name, value)
    return true
  }
  const known = branch.get(name) ?? new Map()
  if (!(known instanceof Map)) return false
  branch.set(name, known)
  return plant(known, next, further, value)
}

function branchMembers(branch: Branch, budget: Budget): string {
  let members = ''
  for (const [name, value] of branch) {
    const key = budget.name('sallyport', name)
    if (value instanceof Map) members += `,${key}:{${branchMembers(value, budget).slice(1)}}`
    else members += `,${key}:${leaf(value, budget)}`
  }
  return members
}

function leaf(value: Leaf, budget: Budget): string {
  if (typeof value === 'string') return budget.prose('sallyport', value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '0'
  return budget.list('sallyport', value)
}
