import type { Test } from 'tap'
import type { JsonObject } from '../../src/model/json.ts'
import { offerOfSound } from '../../src/shape/call-offer.ts'
import type { ProxyOptions } from './proxy-folder.ts'
import type { ProviderAnswer } from './realtime-server.ts'
import { MODEL, type RealtimeWorld, startRealtime } from './realtime-world.ts'
import { answerTo, OFFERS, sdpOf } from './sdp-offers.ts'
import { ALICE, BOB, CAROL } from './world.ts'

export const CALL = 'rtc_u0_0123'
const CALLS = '/v1/realtime/calls'

/** Alice and Carol are of one workspace, Bob is of another; Carol may do less. */
export const CALLS_POLICY = {
  version: 1,
  roles: { speaker: { members: [{ user: ALICE }, { user: BOB }] }, listener: { members: [{ user: CAROL }] } },
  aliases: { voice: MODEL },
  workspaces: { red: { members: [{ user: ALICE }, { user: CAROL }] }, blue: { members: [{ user: BOB }] } },
  rules: [
    {
      id: 'speak',
      effect: 'allow',
      roles: ['speaker'],
      models: [MODEL],
      operations: ['realtime', 'realtime.calls.create'],
      when: { tools: { functions: ['search'], hosted: [] }, max_output_tokens: { at_most: 1000 } },
    },
    { id: 'end', effect: 'allow', roles: ['speaker', 'listener'], operations: ['realtime.calls.hangup'] },
  ],
} as const

export const OFFER = sdpOf(OFFERS.chrome)
export const SESSION = { type: 'realtime', model: MODEL, max_output_tokens: 500 } as const

const sound = offerOfSound(OFFER)
const ANSWER = sound.ok ? answerTo(sound.value.text) : ''

/** What the provider answers an offer. */
export function made(more: Partial<ProviderAnswer> & { location?: string } = {}): ProviderAnswer {
  const { location = `${CALLS}/${CALL}`, ...rest } = more
  const headers = { 'content-type': 'application/sdp', location }
  return { status: 201, headers, body: ANSWER, ...rest }
}

/** The proxy before a provider that makes one call, and ends it when it is told to. */
export async function startCalls(t: Test, options: ProxyOptions = {}): Promise<RealtimeWorld> {
  const world = await startRealtime(t, { policy: CALLS_POLICY as never, ...options })
  const { provider } = world
  provider.setUp = { ...SESSION }
  provider.answer = ({ url }) => {
    if (url === CALLS) return made()
    for (const { socket } of provider.sessions.entries) socket.close(1000)
    return { body: '{}' }
  }
  return world
}

/** Asks for a call; the fields of the form as a client that is no SDK writes them. */
export async function askForCall(
  world: RealtimeWorld,
  more: { session?: JsonObject | string; sdp?: string; person?: string; token?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  const { session = SESSION, sdp = OFFER, person, token, signal } = more
  const form = new FormData()
  form.set('sdp', sdp)
  form.set('session', typeof session === 'string' ? session : JSON.stringify(session))
  const authorization = `Bearer ${token ?? (await world.token(person))}`
  const asked = { method: 'POST', headers: { authorization }, body: form, ...(signal && { signal }) }
  return fetch(`${world.proxy.baseUrl}/realtime/calls`, asked)
}

export async function askToHangUp(world: RealtimeWorld, id: string, person?: string): Promise<Response> {
  const headers = { authorization: `Bearer ${await world.token(person)}` }
  return fetch(`${world.proxy.baseUrl}/realtime/calls/${id}/hangup`, { method: 'POST', headers })
}

/** The id of a call, as its client has it from the answer. */
export function idOf(answer: Response): string {
  return (answer.headers.get('location') ?? '').split('/').at(-1) ?? ''
}

/** What the provider was asked, without what the form said: method and path. */
export function askedOf({ provider }: RealtimeWorld): string[] {
  return provider.asked.entries.map(({ method, url }) => `${method} ${url}`)
}
