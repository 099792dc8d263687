import { isPattern } from '../../model/pattern.ts'
import { nearest } from '../../schema/nearest.ts'
import type { FileProblem } from '../merge.ts'
import { doOverlap } from '../patterns.ts'
import { type Lint, quoted, warningAt } from './lint.ts'

/** A name or pattern of which no upstream serves anything: a slip, or a model that is gone. */
export const unservedModel: Lint = ({ merged, facts }) => {
  const served = [...new Set(facts.upstreams.flatMap(({ models }) => models))]
  const names = served.filter((name) => !isPattern(name))
  const known = new Map<string, string | null>()
  /** What is to be said of a name; null where some upstream serves something of it. */
  const fault = (name: string): string | null => {
    if (served.some((one) => doOverlap(name, one))) return null
    const close = nearest(name, names)
    const mend = 'correct it, delete it, or add it to the `models` of an upstream'
    return `no upstream of the config serves ${quoted(name)}; ${close === null ? mend : `did you mean ${quoted(close)}?`}`
  }
  const found: FileProblem[] = []
  const look = (placed: Parameters<typeof warningAt>[0], path: FileProblem['path'], name: string | undefined) => {
    if (name === undefined || name.startsWith('@')) return
    const before = known.get(name)
    const message = before === undefined ? fault(name) : before
    known.set(name, message)
    if (message !== null) found.push(warningAt(placed, path, 'unserved_model', message))
  }
  for (const set of merged.models.values())
    for (const [index, name] of (set.value ?? []).entries()) look(set, [index], name)
  for (const alias of merged.aliases.values()) look(alias, [], alias.value)
  for (const rule of [...merged.rules, ...merged.transforms]) {
    for (const [index, name] of (rule.value.models ?? []).entries()) look(rule, ['models', index], name)
  }
  return found
}
