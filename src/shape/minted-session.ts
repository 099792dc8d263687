import { isJsonObject, type JsonBody, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { findMember, skipSpace } from '../model/json-text.ts'
import type { Obligations } from '../model/transforms.ts'
import { type Edit, insertedMembers } from './edits.ts'
import { renaming, restricting } from './session.ts'

/** Where a body says what a session is set up with. */
export interface SessionPlace {
  /** The member that holds the session; null where that is the body itself. */
  readonly session: string | null
  /** The member that limits its output. */
  readonly limit: string
}

/**
 * The edits that make a session that is set up what was decided: an alias becomes its model, wherever the body names it,
 * and the policy's transforms are made. `model`: the one in whose place an alias stands; null where none does. What stands
 * beside a session that is a member of the body is held to the same, for a provider could go by it.
 */
export function mintEdits(
  { value, text }: JsonBody,
  { session, limit }: SessionPlace,
  model: string | null,
  obligations: Obligations | null,
): Edit[] {
  const open = skipSpace(text, 0)
  const wanted = obligations === null ? {} : wantedOf(obligations, limit)
  const edits = heldTo(value, text, open, model, obligations)
  if (session === null) return [...edits, ...added(value, text, open, wanted)]
  const part = ownValue(value, session)
  const place = part === undefined ? null : findMember(text, open, session)
  if (isJsonObject(part) && place !== null) {
    edits.push(...heldTo(part, text, place.value, model, obligations), ...added(part, text, place.value, wanted))
    return edits
  }
  if (Object.keys(wanted).length === 0) return edits
  const whole = JSON.stringify({ type: 'realtime', ...wanted })
  if (place !== null) edits.push({ from: place.value, to: place.end, text: whole })
  else edits.push(insertedMembers(text, open, `${JSON.stringify(session)}:${whole}`))
  return edits
}

interface Wanted {
  readonly [member: string]: JsonValue
}

function wantedOf({ set, prepend }: Obligations, limit: string): Wanted {
  const { max_output_tokens: cap } = set
  return { ...(typeof cap === 'number' && { [limit]: cap }), ...(prepend !== null && { instructions: prepend }) }
}

function heldTo(
  part: JsonObject,
  text: string,
  open: number,
  model: string | null,
  obligations: Obligations | null,
): Edit[] {
  const edits = model === null ? [] : renaming(part, text, open, model)
  return obligations === null ? edits : [...edits, ...restricting(part, text, open, obligations)]
}

/** What the policy asks for and the session does not say. */
function added(part: JsonObject, text: string, open: number, wanted: Wanted): Edit[] {
  const absent = Object.entries(wanted).filter(([name]) => ownValue(part, name) === undefined)
  if (absent.length === 0) return []
  const members = absent.map(([name, written]) => `${JSON.stringify(name)}:${JSON.stringify(written)}`)
  return [insertedMembers(text, open, members.join(','))]
}
