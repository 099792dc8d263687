import OpenAI from 'openai'
import type { Test } from 'tap'
import { isJsonObject, type JsonObject } from '../../src/model/json.ts'
import type { ProxyOptions } from './proxy-folder.ts'
import type { ProviderAnswer, ProviderRequest } from './realtime-server.ts'
import { REALTIME_POLICY, type RealtimeWorld, startRealtime } from './realtime-world.ts'
import { PROVIDER_SECRET } from './session-secrets.ts'

export const MINTS = [
  ...['realtime.client_secrets.create', 'realtime.translations.client_secrets.create'],
  ...['realtime.sessions.create', 'realtime.transcription_sessions.create'],
]

const [voice] = REALTIME_POLICY.rules

/** Whoever may speak may also have a secret made for that. */
export const MINT_POLICY = {
  ...REALTIME_POLICY,
  rules: [{ ...voice, operations: [...voice.operations, ...MINTS] }],
}

export const SECRETS = '/v1/realtime/client_secrets'

/** Sessions as the provider sets them up: each is told as it was asked for, and is one that its next client finds. */
export async function startMinting(t: Test, options: ProxyOptions = {}): Promise<RealtimeWorld> {
  const world = await startRealtime(t, { policy: MINT_POLICY, ...options })
  world.secrets.add(PROVIDER_SECRET)
  world.provider.answer = (asked) => setUp(world, asked)
  return world
}

/** The end of a provider's secret: ten minutes from now. Epoch seconds. */
export const soon = (): number => Math.floor(Date.now() / 1000) + 600

function setUp({ provider }: RealtimeWorld, { url, body }: ProviderRequest): ProviderAnswer {
  const sent: JsonObject = JSON.parse(body)
  const isNested = url.endsWith('client_secrets')
  const { client_secret: _, ...flat } = sent
  const asked = isNested && isJsonObject(sent.session) ? sent.session : isNested ? {} : flat
  const session = { object: 'realtime.session', id: 'sess_1', ...asked }
  provider.setUp = session
  const secret = { value: PROVIDER_SECRET, expires_at: soon() }
  return { body: JSON.stringify(isNested ? { ...secret, session } : { ...session, client_secret: secret }) }
}

export interface MintAnswer {
  readonly status: number
  readonly id: string
  readonly text: string
  readonly document: JsonObject
  readonly code: unknown
  readonly headers: Headers
}

/** Asks for a secret. */
export async function asksFor(
  world: RealtimeWorld,
  body: object | string,
  { token, path = SECRETS, project }: { token?: string; path?: string; project?: string } = {},
): Promise<MintAnswer> {
  const answer = await fetch(`http://127.0.0.1:${world.proxy.port}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token ?? (await world.token())}`,
      'content-type': 'application/json',
      ...(project && { 'openai-project': project }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await answer.text()
  const document: JsonObject = JSON.parse(text)
  const error = isJsonObject(document.error) ? document.error : {}
  const { status, headers } = answer
  return { status, headers, id: headers.get('x-request-id') ?? '', text, document, code: error.code }
}

/** The secret of an answer, which is one of the proxy's own. */
export function secretOf(world: RealtimeWorld, { document, text }: Pick<MintAnswer, 'document' | 'text'>): string {
  const held = isJsonObject(document.client_secret) ? document.client_secret : document
  const secret = String(held.value)
  if (!secret.startsWith('ek_sp1') || text.includes(PROVIDER_SECRET)) throw new Error('no secret of the proxy')
  world.secrets.add(secret)
  return secret
}

/** A session that may be set up, and opened. */
export const SESSION = {
  type: 'realtime',
  model: 'gpt-realtime',
  max_output_tokens: 500,
  tools: [{ type: 'function', name: 'search' }],
} as const

export async function sdk(world: RealtimeWorld, apiKey?: string): Promise<OpenAI> {
  return new OpenAI({ baseURL: world.proxy.baseUrl, apiKey: apiKey ?? (await world.token()), maxRetries: 0 })
}
