import { type Fault, fault } from '../../model/fault.ts'
import { type JsonBody, ownValue } from '../../model/json.ts'
import type { RequestFacts } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { factsOf } from '../body.ts'
import { refuse, shown } from '../draft.ts'
import { parseJsonBody } from '../json.ts'
import type { Form } from '../multipart/form.ts'
import { textType } from '../multipart/part-type.ts'
import { onlyOne } from './mints.ts'
import { openReading, readSettings } from './settings.ts'

/** A form that asks for a call. */
export interface CallForm {
  readonly facts: RequestFacts
  /** The client's offer, as it stands there. */
  readonly sdp: string
  readonly session: JsonBody
}

/** The types that the fields may have; clients that write them as files name those with an empty text. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['sdp', 'application/sdp'],
  ['session', 'application/json'],
])

/**
 * Reads a form that asks for a call: an offer, and the session that is set up with it, which is read as one of a secret is.
 * Both must be there, and nothing else: a call is open for as long as an hour, and what else a form says of it could be
 * anything.
 *
 * Does not check: what the offer offers. Faults: `invalid_body`.
 */
export function readCallForm(form: Form): Result<CallForm, Fault> {
  const texts = new Map<string, string>()
  for (const { kind, head, ...part } of form.parts) {
    const type = FIELDS.get(head.name)
    if (type === undefined) return failed(unread(`\`${shown(head.name)}\` is no field of a call`, head.name))
    if (kind === 'file' || !('text' in part)) {
      return failed(unread(`\`${head.name}\` must not have a \`filename\``, head.name))
    }
    const said = head.type === null ? 'text/plain' : textType(head.type)
    if (said !== 'text/plain' && said !== type) {
      return failed(unread(`\`${head.name}\` must not have that \`Content-Type\`: leave it out`, head.name))
    }
    if (texts.has(head.name)) {
      return failed({ ...unread(`the field \`${head.name}\` may stand once`, head.name), reason: 'duplicate_key' })
    }
    texts.set(head.name, part.text)
  }
  const [sdp, written] = [texts.get('sdp'), texts.get('session')]
  if (sdp === undefined) return failed(unread('the form must have `sdp`, the offer', 'sdp'))
  if (written === undefined)
    return failed(unread('the form must have `session`: what the call is set up with', 'session'))
  const session = parseJsonBody(Buffer.from(written))
  if (!session.ok) return session
  const facts = describeSession(session.value, form.bytes)
  return facts.ok ? ok({ facts: facts.value, sdp, session: session.value }) : facts
}

function describeSession({ value }: JsonBody, bytes: number): Result<RequestFacts, Fault> {
  const reading = openReading()
  const { draft, named } = reading
  readSettings(reading, value)
  if (ownValue(value, 'type') !== 'realtime') refuse(draft, '`session.type` must be `realtime`', 'type')
  const model = onlyOne(draft, named)
  if (draft.problem !== null) return failed(draft.problem)
  const maxOutputTokens = typeof reading.limit === 'number' ? reading.limit : undefined
  return ok(factsOf('realtime.calls.create', draft, { model, stream: false, maxOutputTokens, bytes }))
}

function unread(message: string, param: string): Fault {
  return fault('invalid_body', message, { param: shown(param), reason: 'body_invalid' })
}
