import { DENIED_MODEL, EVENTS, MODELS } from './answers.ts'

export interface Workload {
  readonly name: string
  /** What a cost is given for. */
  readonly unit: 'request' | 'chunk'
  readonly kind: 'json' | 'stream'
  readonly measures: 'cpu' | 'latency'
  /** `rules`: with policies of every size, too. `ours`: Sallyport alone. */
  readonly scope: 'rules' | 'shared' | 'ours'
  readonly connections: number
  readonly request: string
  /** Sent so often beside the load that is measured. */
  readonly beside: { readonly request: string; readonly everyMs: number } | null
  /** Streams that outlast the measured time are counted by their chunks. */
  readonly counts: 'answers' | 'texts'
  readonly expectStatus: number
  readonly expectText: string
  readonly expectTimes: number
  /** Audit events that each request leaves. */
  readonly events: 1 | 2
}

const KIB = 1024
const LARGE_EVERY_MS = 50

export function chatBody(model: string, bytes: number, stream: boolean): string {
  const body = (content: string) =>
    JSON.stringify({
      model,
      ...(stream ? { stream: true } : {}),
      messages: [
        { role: 'system', content: 'You are a helpful assistant.' },
        { role: 'user', content },
      ],
      temperature: 0.2,
      max_tokens: 512,
    })
  const words = 'Summarise the "quarterly report"\nfor the board, please. '
  const room = bytes - Buffer.byteLength(body(''))
  return body(words.repeat(Math.ceil(room / (JSON.stringify(words).length - 2))))
}

function requestText(body: string, token: string | null): string {
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: 127.0.0.1',
    'user-agent: OpenAI/JS 6.1.0',
    'accept: application/json',
    ...(token === null ? [] : [`authorization: Bearer ${token}`]),
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

const json = { unit: 'request', kind: 'json', counts: 'answers', beside: null } as const
const answered = { ...json, expectStatus: 200, expectText: '"usage"', expectTimes: 1, events: 2 } as const
const stream = { unit: 'chunk', kind: 'stream', measures: 'cpu', scope: 'shared', beside: null } as const
const streamed = { ...stream, expectStatus: 200, expectText: 'data: ', expectTimes: EVENTS, events: 2 } as const
const refused = { ...json, measures: 'cpu', scope: 'ours', expectTimes: 1, events: 1 } as const

/** By the model server, since nginx answers before it has read a large body. */
function besideLarge(request: string, large: string) {
  return {
    name: '1 KB, beside 1 MiB',
    kind: 'stream',
    request,
    beside: { request: large, everyMs: LARGE_EVERY_MS },
  } as const
}

export const SMALL = '1 KB'

export function workloads(token: string, connections: number): readonly Workload[] {
  const plain = (size: number, model: string = MODELS.json) => requestText(chatBody(model, size, false), token)
  const streaming = (model: string) => requestText(chatBody(model, KIB, true), token)
  const small = plain(KIB)
  const alone = { ...answered, measures: 'latency', scope: 'shared', connections: 1, request: small } as const
  const denied = requestText(chatBody(DENIED_MODEL, KIB, false), token)
  const nobody = requestText(chatBody(MODELS.json, KIB, false), null)
  return [
    { ...answered, name: SMALL, measures: 'cpu', scope: 'rules', connections, request: small },
    { ...answered, name: '32 KB', measures: 'cpu', scope: 'shared', connections, request: plain(32 * KIB) },
    { ...streamed, name: 'stream, burst', counts: 'answers', connections, request: streaming(MODELS.burst) },
    { ...streamed, name: 'stream, paced', counts: 'texts', connections, request: streaming(MODELS.paced) },
    { ...alone, name: '1 KB, one at a time' },
    { ...alone, ...besideLarge(plain(KIB, MODELS.large), plain(KIB * KIB, MODELS.large)) },
    {
      ...{ ...refused, name: 'denied by policy', connections, request: denied },
      ...{ expectStatus: 403, expectText: 'policy_denied' },
    },
    {
      ...{ ...refused, name: 'no credential', connections, request: nobody },
      ...{ expectStatus: 401, expectText: 'missing_credentials' },
    },
  ]
}
