import { type Fault, fault } from '../../model/fault.ts'
import { isJsonObject, type JsonBody, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import { openedBy, type TableOperation } from '../../model/operations.ts'
import type { RequestFacts } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { factsOf } from '../body.ts'
import { type Draft, refuse, shown } from '../draft.ts'
import { foldKey } from '../key-names.ts'
import { walkMember } from '../walk.ts'
import { wider } from './limits.ts'
import { openReading, type Reading, readSettings } from './settings.ts'

/** An operation that sets up a session and answers with a secret, by which a client opens it later. */
export interface Mint {
  /** What the secret opens. */
  readonly opens: 'realtime' | 'realtime.translations.connect'
  /** The member of the body that holds the session; null where that is the body itself. */
  readonly session: 'session' | null
  /** The member that says how long the secret is good. */
  readonly terms: 'expires_after' | 'client_secret'
  /** The member of the answer that holds the secret; null where the answer itself does. */
  readonly holder: 'client_secret' | null
  /** What limits the output of the session. */
  readonly limit: 'max_output_tokens' | 'max_response_output_tokens'
  /** All of its sessions only write down what they hear. */
  readonly transcribes: boolean
}

const NESTED = {
  session: 'session',
  terms: 'expires_after',
  holder: null,
  limit: 'max_output_tokens',
  transcribes: false,
} as const
/** As the API was in its beta. */
const FLAT = {
  session: null,
  terms: 'client_secret',
  holder: 'client_secret',
  limit: 'max_response_output_tokens',
} as const

const FORMS: { readonly [Operation in TableOperation]?: Omit<Mint, 'opens'> } = {
  'realtime.client_secrets.create': NESTED,
  'realtime.translations.client_secrets.create': NESTED,
  'realtime.sessions.create': { ...FLAT, transcribes: false },
  'realtime.transcription_sessions.create': { ...FLAT, transcribes: true },
}
const MINTS: ReadonlyMap<string, Mint> = new Map(
  Object.entries(FORMS).flatMap(([operation, form]): [string, Mint][] => {
    const opens = openedBy(operation)
    return opens === null ? [] : [[operation, { ...form, opens }]]
  }),
)

/** Null for an operation that makes no secret. */
export function mintOf(operation: string): Mint | null {
  return MINTS.get(operation) ?? null
}

/** The session that a body sets up; null where it leaves that to the provider. It is an object in a body that was described. */
export function sessionOf(value: JsonObject, { session }: Pick<Mint, 'session'>): JsonObject | null {
  const part = session === null ? value : ownValue(value, session)
  return isJsonObject(part) ? part : null
}

/** True where a session has no instructions and no output of a model to limit. */
export function transcribes(value: JsonObject, mint: Pick<Mint, 'session' | 'transcribes'>): boolean {
  const session = sessionOf(value, mint)
  return mint.transcribes || (session !== null && ownValue(session, 'type') === 'transcription')
}

/** Members that hold another one of the body, and may not be spelt otherwise. */
const HOLDERS: ReadonlySet<string> = new Set(['session', 'expiresafter', 'clientsecret'])

/**
 * The facts of a session that is set up for a secret: those of its settings, with the limit of its output, and its one
 * model. What stands beside `session` is read as if it stood in it: a provider could go by either.
 *
 * Faults: `invalid_body`.
 */
export function describeMint(operation: TableOperation, body: JsonBody | null): Result<RequestFacts, Fault> {
  const mint = mintOf(operation)
  if (mint === null) throw new Error('an operation that makes no secret')
  if (body === null) return failed(fault('invalid_body', 'the request needs a JSON body', { reason: 'body_invalid' }))
  const reading = openReading()
  const { draft, named } = reading
  readSession(reading, body.value, mint)
  const model = onlyOne(draft, named)
  if (draft.problem !== null) return failed(draft.problem)
  const maxOutputTokens = typeof reading.limit === 'number' ? reading.limit : undefined
  return ok(factsOf(operation, draft, { model, stream: false, maxOutputTokens, bytes: body.bytes.length }))
}

function readSession(reading: Reading, value: JsonObject, { session, terms }: Mint): undefined {
  const { draft } = reading
  const own = new Set<string>(session === null ? [terms] : [terms, session])
  const beside = Object.entries(value).filter(([key]) => !own.has(key))
  readSettings(reading, Object.fromEntries(beside))
  // Only keys that were examined, and are no more than may cost time.
  for (const [key] of draft.problem === null ? beside : []) refuseHolder(draft, key)
  const said = ownValue(value, terms)
  if (said !== undefined) walkMember(draft, terms, said, false)
  const part: JsonValue | undefined = session === null ? null : ownValue(value, session)
  if (part === undefined || part === null) return
  if (!isJsonObject(part)) return refuse(draft, '`session` must be an object', 'session')
  const { limit } = reading
  readSettings(reading, part)
  reading.limit = wider(limit, reading.limit)
}

function refuseHolder(draft: Draft, key: string): undefined {
  if (HOLDERS.has(foldKey(key))) refuse(draft, `\`${shown(key)}\` could be read as another member: leave it out`, key)
}

/** The model that is to serve the session. Undefined where none is named. */
export function onlyOne(draft: Draft, named: readonly string[]): string | undefined {
  const [model, another] = new Set(named)
  if (another !== undefined) refuse(draft, 'the body names more than one `model` for the session', 'model')
  return model
}
