import { type JsonBody, type JsonValue, ownValue } from '../model/json.ts'
import { elementStarts, findMember, findMembers, skipSpace, valueEnd } from '../model/json-text.ts'
import { isLimit, liftsLimit, nestedLimits } from '../model/nested-limits.ts'
import { type Obligations, OUTPUT_LIMITS, OWN_LIMITS, type SettableName, settableMember } from '../model/transforms.ts'
import { type Edit, insertedMembers } from './edits.ts'

/**
 * The edits that make a body what the policy's transforms ask for; empty where it is that already. All other bytes of it
 * stay as they are.
 *
 * `max_output_tokens` is a cap: every limit that the body sets is lowered to it, never raised, and zero, which to many
 * engines is none, is set to it; one is set where the operation's own is absent. Below the top of a body, whatever else
 * is no limit becomes the cap, too. Every other setting takes the place of what the client said. A text to prepend is a
 * system message before all others, or the beginning of `instructions` or of `system`.
 */
export function transformed(body: JsonBody, operation: string, { set, prepend }: Obligations): Edit[] {
  const wanted = new Map<string, JsonValue>()
  for (const [name, value] of Object.entries(set)) {
    if (name === 'max_output_tokens') noteLimits(body, operation, value as number, wanted)
    else noteSetting(body, operation, name as SettableName, value as JsonValue, wanted)
  }
  const edits = prepend === null ? [] : prepended(body, operation, prepend, wanted)
  const { max_output_tokens: cap } = set
  if (typeof cap === 'number' && settableMember('max_output_tokens', operation) !== undefined) {
    edits.push(...loweredBelow(body, cap, wanted))
  }
  return wanted.size === 0 ? edits : [...edits, ...placed(body, wanted)]
}

function noteLimits({ value }: JsonBody, operation: string, cap: number, wanted: Map<string, JsonValue>): void {
  const key = settableMember('max_output_tokens', operation)
  if (key === undefined) return
  const own = OWN_LIMITS[operation] ?? [key]
  let isLimited = false
  for (const limit of OUTPUT_LIMITS) {
    const written = ownValue(value, limit)
    if (typeof written !== 'number') continue
    if (own.includes(limit)) isLimited = true
    if (written > cap || written === 0) wanted.set(limit, cap)
  }
  if (!isLimited) wanted.set(key, cap)
}

/** The limits in bags of settings; a member that another value takes the place of has none any more. */
function loweredBelow({ value, text }: JsonBody, cap: number, wanted: ReadonlyMap<string, JsonValue>): Edit[] {
  return nestedLimits(value).flatMap(({ member, path, value: written }) => {
    const holds = isLimit(written) && written <= cap
    if (holds || wanted.has(member)) return []
    const lowered = liftsLimit(String(path.at(-1) ?? member)) ? 'false' : String(cap)
    return [{ ...placeAt(text, [member, ...path]), text: lowered }]
  })
}

/** Where the value at the end of a path stands: the path is one of the parsed text. */
function placeAt(text: string, path: readonly (string | number)[]): { readonly from: number; readonly to: number } {
  let from = skipSpace(text, 0)
  for (const step of path) {
    const next =
      typeof step === 'string' ? findMember(text, from, step)?.value : elementStarts(text, from, step + 1)[step]
    if (next === undefined) throw new Error('the text of a body is not that of its value')
    from = next
  }
  return { from, to: valueEnd(text, from) }
}

function noteSetting(
  { value }: JsonBody,
  operation: string,
  name: SettableName,
  written: JsonValue,
  wanted: Map<string, JsonValue>,
): void {
  const key = settableMember(name, operation)
  if (key !== undefined && ownValue(value, key) !== written) wanted.set(key, written)
}

/** A text before what the model reads, where the operation has a place for it. */
function prepended(body: JsonBody, operation: string, text: string, wanted: Map<string, JsonValue>): Edit[] {
  if (operation === 'chat') return systemMessage(body, text, wanted)
  if (operation === 'messages') return systemBlock(body, text, wanted)
  if (operation === 'responses' || operation === 'responses.compact') noteInstructions(body, text, wanted)
  return []
}

/** The beginning of `system`: of its text, or a block before its blocks. */
function systemBlock({ value, text }: JsonBody, prepend: string, wanted: Map<string, JsonValue>): Edit[] {
  const system = ownValue(value, 'system')
  if (Array.isArray(system)) return [firstElement(text, 'system', system, { type: 'text', text: prepend })]
  wanted.set('system', typeof system === 'string' ? `${prepend}\n${system}` : prepend)
  return []
}

/** Instructions that are no text are nobody's: the policy's own stand in their place. */
function noteInstructions({ value }: JsonBody, prepend: string, wanted: Map<string, JsonValue>): void {
  const written = ownValue(value, 'instructions')
  wanted.set('instructions', typeof written === 'string' ? `${prepend}\n${written}` : prepend)
}

/** The message as an edit of the list of messages; where there is no list, it is noted as one. */
function systemMessage({ value, text }: JsonBody, prepend: string, wanted: Map<string, JsonValue>): Edit[] {
  const message = { role: 'system', content: prepend }
  const messages = ownValue(value, 'messages')
  if (Array.isArray(messages)) return [firstElement(text, 'messages', messages, message)]
  wanted.set('messages', [message])
  return []
}

/** A value before all others of a list at the top of a body. */
function firstElement(text: string, key: string, list: readonly JsonValue[], value: JsonValue): Edit {
  const place = findMember(text, skipSpace(text, 0), key)
  if (!place) throw new Error('the text of a body is not that of its value')
  const at = place.value + 1
  return { from: at, to: at, text: list.length === 0 ? JSON.stringify(value) : `${JSON.stringify(value)},` }
}

/** Members that are there change their value in its place; the others stand before all. */
function placed({ text }: JsonBody, wanted: ReadonlyMap<string, JsonValue>): Edit[] {
  const open = skipSpace(text, 0)
  const names = [...wanted.keys()]
  const places = findMembers(text, open, names)
  const edits: Edit[] = []
  const absent: string[] = []
  for (const [index, name] of names.entries()) {
    const place = places[index]
    const written = JSON.stringify(wanted.get(name))
    if (place) edits.push({ from: place.value, to: place.end, text: written })
    else absent.push(`${JSON.stringify(name)}:${written}`)
  }
  if (absent.length > 0) edits.push(insertedMembers(text, open, absent.join(',')))
  return edits
}
