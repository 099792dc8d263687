import { type CompiledRule, compileRule, nameSet } from '../../../src/policy/rule.ts'
import type { RuleDocument } from '../../../src/policy/schema.ts'

/** What a test says of a rule; roles and workspaces by their places. */
export interface Written {
  readonly effect?: 'allow' | 'deny'
  readonly roles?: readonly number[]
  readonly workspaces?: readonly number[]
  readonly models?: readonly string[]
  readonly operations?: string[]
  readonly when?: object
}

/** Rules ranked as they stand here. */
export function rulesOf(...written: readonly Written[]): CompiledRule[] {
  return written.map(({ roles = null, workspaces = null, models, effect = 'allow', ...rest }, rank) =>
    compileRule({ id: `r${rank}`, effect, ...rest } as RuleDocument, {
      rank,
      roles,
      workspaces,
      models: models ? nameSet(models) : null,
    }),
  )
}
