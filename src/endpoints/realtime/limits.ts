import { type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import { nestedLimits } from '../../model/nested-limits.ts'
import { OUTPUT_LIMITS } from '../../model/transforms.ts'
import { type Draft, refuse, shown } from '../draft.ts'

/** The member that limits the output, and its name in the API's beta. */
export const SESSION_LIMITS = ['max_output_tokens', 'max_response_output_tokens'] as const

/** What a session or response says of its output: a number of tokens, that there is no limit, or nothing. */
export type WrittenLimit = number | 'none' | 'unsaid'

/**
 * The limit that a session or response sets. Null may be taken for the API's own, which is none. A limit by another name
 * could be one that somebody goes by, and is refused.
 */
export function readLimit(draft: Draft, value: JsonObject): WrittenLimit {
  let limit: WrittenLimit = 'unsaid'
  for (const key of SESSION_LIMITS) {
    const written = ownValue(value, key)
    if (written === undefined) continue
    const read = limitOf(written)
    if (read === null) refuse(draft, `\`${key}\` must be a whole number of at least 1, or \`inf\``, key)
    else limit = wider(limit, read)
  }
  for (const key of OUTPUT_LIMITS) {
    if (key !== 'max_output_tokens' && Object.hasOwn(value, key)) refuseOther(draft, key)
  }
  const [nested] = nestedLimits(value)
  if (nested) refuseOther(draft, String(nested.path.at(-1) ?? nested.member))
  return limit
}

/**
 * True for a response whose limit is said by the name alone that the other one of the API and its beta has: who does not
 * know that name goes by the session's.
 */
export function isLimitedElsewhere(response: JsonObject, isBeta: boolean): boolean {
  return (
    !Object.hasOwn(response, SESSION_LIMITS[isBeta ? 1 : 0]) && Object.hasOwn(response, SESSION_LIMITS[isBeta ? 0 : 1])
  )
}

function limitOf(written: JsonValue): number | 'none' | null {
  if (written === null || written === 'inf') return 'none'
  return typeof written === 'number' && Number.isSafeInteger(written) && written > 0 ? written : null
}

function refuseOther(draft: Draft, key: string): undefined {
  refuse(draft, `\`${shown(key)}\` limits no output here: say \`max_output_tokens\``, key)
}

/** Of two limits the one that allows more; what is not said allows nothing by itself. */
export function wider(one: WrittenLimit, other: WrittenLimit): WrittenLimit {
  if (one === 'unsaid') return other
  if (other === 'unsaid') return one
  return one === 'none' || other === 'none' ? 'none' : Math.max(one, other)
}
