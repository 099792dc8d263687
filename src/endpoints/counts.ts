import { type JsonObject, ownValue } from '../model/json.ts'
import { type Draft, refuse } from './draft.ts'

/** How many answers are made: a wrong type here would be a count that nobody judged. */
export function checkCounts(draft: Draft, value: JsonObject): undefined {
  for (const key of ['n', 'best_of']) {
    const written = ownValue(value, key)
    if (written === undefined || written === null) continue
    if (typeof written !== 'number' || !Number.isSafeInteger(written) || written < 1) {
      refuse(draft, `\`${key}\` must be a whole number of at least 1`, key)
    }
  }
}
