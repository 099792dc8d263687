import type { Static, TSchema } from 'typebox'
import type { PolicyInput } from '../../model/decision.ts'
import type { Match } from '../../model/match.ts'
import type { Problem } from '../../model/problem.ts'

/** A fault that the schema of a condition cannot say; `path` begins below the condition's own key. */
export interface ConditionFault {
  readonly path: Problem['path']
  readonly code: string
  readonly message: string
}

/**
 * One condition of `when`. `compile` answers yes, no or *cannot tell* for the facts of a request; `got` says which facts
 * those are, for explanations. `check` finds what the schema cannot.
 */
interface Condition<Name extends string, Schema extends TSchema> {
  readonly name: Name
  readonly schema: Schema
  readonly check?: (written: Static<Schema>) => readonly ConditionFault[]
  readonly compile: (written: Static<Schema>) => (input: PolicyInput) => Match
  readonly want: (written: Static<Schema>) => string
  readonly got: (input: PolicyInput, written: Static<Schema>) => string
}

export function defineCondition<const Name extends string, Schema extends TSchema>(
  condition: Condition<Name, Schema>,
): Condition<Name, Schema> {
  return condition
}

/** What an explanation says where a fact cannot be told. */
export const CANNOT_TELL = 'cannot tell'
