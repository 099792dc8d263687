import { Agent, request } from 'node:http'
import type { Endpoint } from '../../src/endpoints/endpoint.ts'
import { OFFERS, sdpOf } from './sdp-offers.ts'

export const ALLOWED = 'gpt-4o-mini'
export const FORBIDDEN = 'gpt-4o'

/** One request in the words of the wire. */
export interface TableRequest {
  readonly method: string
  readonly target: string
  readonly body: string | null
  /** It asks for a WebSocket. */
  readonly upgrades?: true
  /** JSON where it is absent. */
  readonly type?: string
}

/** The smallest request of an operation that is whole: its ids are made up, its model is allowed. */
export function smallest({ operation, method, path, body, model, dialect }: Endpoint): TableRequest {
  const target = path.replace(/\{(\w+)\}/g, (_, kind) => (kind === 'model' ? ALLOWED : `${kind}-1`))
  if (dialect === 'responses') return { method, target, body: null, upgrades: true }
  if (dialect !== null) return { method, target: `${target}?model=${ALLOWED}`, body: null, upgrades: true }
  if (body === 'none') return { method, target, body: null }
  if (operation === 'realtime.calls.create')
    return { method, target, body: callWith(`"model":"${ALLOWED}"`), type: 'multipart/form-data; boundary=x' }
  if (body === 'multipart')
    return { method, target, body: smallestForm(model), type: 'multipart/form-data; boundary=x' }
  return {
    method,
    target,
    body: JSON.stringify(model === 'required' || model === 'optional' ? { model: ALLOWED } : {}),
  }
}

function smallestForm(model: Endpoint['model']): string {
  const field = (name: string, value: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const named = model === 'required' || model === 'optional' ? field('model', ALLOWED) : ''
  return `${named}${field('prompt', 'x')}--x--\r\n`
}

/** Asks for a call whose session has this member for its model. */
export function callWith(member: string): string {
  const field = (name: string, value: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const session = `{"type":"realtime",${member}}`
  return `${field('sdp', sdpOf(OFFERS.chrome))}${field('session', session)}--x--\r\n`
}

/** How the key `model` may be written, and whether that is `model` to a parser of JSON. */
export const SPELLINGS: readonly (readonly [name: string, member: (model: string) => string, isPlain: boolean])[] = [
  ['as it is', (model) => `"model":"${model}"`, true],
  ['escaped', (model) => `"\\u006do\\u0064el":"${model}"`, true],
  ['with an escaped value', (model) => `"model":"\\u0067${model.slice(1)}"`, true],
  ['twice', (model) => `"model":"${ALLOWED}","model":"${model}"`, false],
  ['twice, once escaped', (model) => `"mod\\u0065l":"${model}","model":"${ALLOWED}"`, false],
  ['in capitals beside it', (model) => `"model":"${ALLOWED}","MODEL":"${model}"`, false],
  ['in capitals', (model) => `"Model":"${model}"`, false],
  ['padded', (model) => `"model ":"${model}"`, false],
  ['in wide letters', (model) => `"\uff4dodel":"${model}"`, false],
  ['in letters that look alike', (model) => `"m\u043edel":"${model}"`, false],
  ['as a list', (model) => `"model":["${model}"]`, false],
  ['as an object', (model) => `"model":{"id":"${model}"}`, false],
]

/**
 * A body with a member in a place of the table, `.tools[].svg.model`; what the API asks for around it is there. `top`:
 * members beside it at the top of the body.
 */
export function planted(place: string, member: string, top: readonly string[]): string {
  const steps = place.split('.').slice(1, -1)
  const inner = steps.reduceRight((text, step, depth) => {
    const name = step === '*' ? 'x' : step.replace('[]', '')
    const type = depth < steps.length && step.endsWith('[]') ? typeOf(steps, name) : ''
    const value = step.endsWith('[]') ? `[{${type}${text}}]` : `{${text}}`
    return `${JSON.stringify(name)}:${value}`
  }, member)
  return `{${[...top, inner].join(',')}}`
}

/** What an element of a list must say to be taken for what holds a model there. */
function typeOf(steps: readonly string[], name: string): string {
  if (name === 'tools') return '"type":"image_generation",'
  if (name === 'input' || name === 'items') return '"type":"additional_tools",'
  return steps.includes('testing_criteria[]') ? '"type":"score_model",' : ''
}

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
} as const

export interface WireAnswer {
  readonly status: number
  readonly code: string | undefined
  readonly id: string
}

/** Asks the proxy on connections that are kept. */
export class Caller {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  ask(
    { method, target, body, upgrades, type = 'application/json' }: TableRequest,
    token: string | null,
  ): Promise<WireAnswer> {
    const headers = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(upgrades ? HANDSHAKE : {}),
      ...(body === null ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
    }
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, host: '127.0.0.1', port: this.#port, method, path: target, headers }
      const call = request(options, async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk)
        const id = String(response.headers['x-request-id'])
        resolve({ status: response.statusCode ?? 0, code: codeOf(Buffer.concat(chunks).toString()), id })
      })
      call.once('error', reject)
      call.end(body ?? undefined)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

function codeOf(body: string): string | undefined {
  try {
    const document: { error?: { code?: string } } = JSON.parse(body)
    return document.error?.code
  } catch {
    return undefined
  }
}
