import type OpenAI from 'openai'
import type { JsonObject } from '../model/json.ts'
import { member } from './event-line.ts'
import type { PersonId } from './people.ts'
import { developmentPackage } from './problem.ts'
import type { ProxyProcess } from './proxy-process.ts'

/** One call of the demo: who makes it and what is asked. */
export interface PlannedCall {
  readonly name: 'allowed' | 'denied' | 'streamed'
  readonly title: string
  readonly person: PersonId
  readonly model: string
  readonly stream: boolean
}

export interface MadeCall {
  readonly status: number
  readonly requestId: string
  /** The answer's text, or the error's message. */
  readonly text: string
  readonly code: string | null
}

export function plannedCalls(small: string, large: string): readonly PlannedCall[] {
  return [
    { name: 'allowed', title: `bob asks \`${small}\``, person: 'bob', model: small, stream: false },
    { name: 'denied', title: `bob asks \`${large}\``, person: 'bob', model: large, stream: false },
    { name: 'streamed', title: `alice asks \`${large}\` for a stream`, person: 'alice', model: large, stream: true },
  ]
}

const MESSAGES = [{ role: 'user' as const, content: 'Answer in one sentence: what is a sallyport?' }]

/** Makes one call with the real SDK. `onText` gets the answer as it comes. */
export async function makeCall(
  call: PlannedCall,
  baseUrl: string,
  token: string,
  onText: (text: string) => void,
): Promise<MadeCall> {
  const sdk = await developmentPackage('openai', () => import('openai'))
  // What the environment holds for other uses of the SDK must not get into the demo.
  const client = new sdk.default({ baseURL: baseUrl, apiKey: token, organization: null, project: null, maxRetries: 0 })
  try {
    return call.stream ? await streamed(client, call.model, onText) : await whole(client, call.model, onText)
  } catch (error) {
    if (!(error instanceof sdk.APIError) || error.status === undefined) throw error
    onText(error.message)
    return { status: error.status, requestId: error.requestID ?? '', text: error.message, code: error.code ?? null }
  }
}

async function whole(client: OpenAI, model: string, onText: (text: string) => void): Promise<MadeCall> {
  const { data, response, request_id } = await client.chat.completions
    .create({ model, messages: MESSAGES })
    .withResponse()
  const text = data.choices[0]?.message.content ?? ''
  onText(text)
  return { status: response.status, requestId: request_id ?? '', text, code: null }
}

async function streamed(client: OpenAI, model: string, onText: (text: string) => void): Promise<MadeCall> {
  const { data, response, request_id } = await client.chat.completions
    .create({ model, messages: MESSAGES, stream: true })
    .withResponse()
  let text = ''
  for await (const chunk of data) {
    const piece = chunk.choices[0]?.delta.content ?? ''
    text += piece
    onText(piece)
  }
  return { status: response.status, requestId: request_id ?? '', text, code: null }
}

/** Collects the events of calls as they come, so that none is missed, and hands them out by request. */
export class CallEvents {
  readonly #proxy: ProxyProcess
  readonly #seen: JsonObject[] = []

  constructor(proxy: ProxyProcess) {
    this.#proxy = proxy
    proxy.onEvent = (event) => void this.#seen.push(event)
  }

  /** The decision of a request and, when it was allowed, its end. */
  async of(requestId: string): Promise<readonly JsonObject[]> {
    const decision = await this.#stage(requestId, 'decision')
    if (member(decision, 'sallyport.decision') !== 'allow') return [decision]
    return [decision, await this.#stage(requestId, 'complete')]
  }

  #stage(requestId: string, stage: string): Promise<JsonObject> {
    const fits = (event: JsonObject) =>
      member(event, 'http.request.id') === requestId && member(event, 'sallyport.stage') === stage
    const known = this.#seen.find(fits)
    return known === undefined ? this.#proxy.event(fits) : Promise.resolve(known)
  }
}
