import { Type } from 'typebox'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { Match } from '../model/match.ts'
import { closed, text } from '../schema/parts.ts'
import { compileTextTest, type TextTest, textTestKeys } from './text-test.ts'

export const claimTestSchema = closed('a claim of the credential, and what it must say', {
  path: Type.Union(
    [
      Type.String({
        pattern: '^[^.]+(\\.[^.]+)*$',
        maxLength: 512,
        description: 'a dotted path',
        patternErrorMessage: 'a dotted path such as `employee.type`',
      }),
      Type.Array(text('one step of the path'), { minItems: 1, maxItems: 16, description: 'a path, one name a step' }),
    ],
    { description: 'the path of a claim: dotted, or a list where a name has dots itself' },
  ),
  ...textTestKeys,
})

export interface ClaimTest extends TextTest {
  readonly path: string | readonly string[]
}

export function claimSteps(path: string | readonly string[]): readonly string[] {
  return typeof path === 'string' ? path.split('.') : path
}

/** The claim at a path, own properties only; undefined where there is none. */
export function claimAt(claims: JsonObject, steps: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = claims
  for (const step of steps) {
    if (!isJsonObject(value)) return undefined
    value = ownValue(value, step)
  }
  return value
}

/** Holds if the string does, or one element of the list of strings; every other type cannot be told. */
export function compileClaimTest(written: ClaimTest): (claims: JsonObject) => Match {
  const steps = claimSteps(written.path)
  const holds = compileTextTest(written)
  return (claims) => {
    const value = claimAt(claims, steps)
    if (typeof value === 'string') return holds(value) ? 'yes' : 'no'
    if (!isTextList(value)) return 'unknown'
    return value.some(holds) ? 'yes' : 'no'
  }
}

export function isTextList(value: JsonValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
