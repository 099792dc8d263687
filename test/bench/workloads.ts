import { DENIED_MODEL, EVENTS, MODELS } from './answers.ts'

export interface Workload {
  readonly name: string
  /** What one answer counts as: requests, or chunks of a stream. */
  readonly unit: 'request' | 'chunk'
  readonly kind: 'json' | 'stream'
  readonly measures: 'cpu' | 'latency'
  readonly connections: number
  readonly request: string
  /** Streams that outlast the measured time are counted by their chunks. */
  readonly counts: 'answers' | 'texts'
  readonly expectStatus: number
  readonly expectText: string
  readonly expectTimes: number
  /** Audit events that each request leaves. */
  readonly events: 1 | 2
}

function chatBody(model: string, bytes: number, stream: boolean): string {
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
  let content = ''
  while (Buffer.byteLength(body(content)) < bytes) content += words
  return body(content)
}

function requestText(body: string, token: string | null): string {
  const authorization = token === null ? '' : `authorization: Bearer ${token}\r\n`
  return `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: OpenAI/JS 6.1.0\r\naccept: application/json\r\n${authorization}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

const json = {
  unit: 'request',
  kind: 'json',
  measures: 'cpu',
  counts: 'answers',
  expectStatus: 200,
  events: 2,
} as const
const answered = { ...json, expectText: '"usage"', expectTimes: 1 } as const
const stream = {
  unit: 'chunk',
  kind: 'stream',
  measures: 'cpu',
  counts: 'answers',
  expectStatus: 200,
  events: 2,
} as const
const streamed = { ...stream, expectText: 'data: ', expectTimes: EVENTS } as const
const refused = { ...json, expectTimes: 1, events: 1 } as const

/** The workloads that every contender carries. */
export function sharedWorkloads(token: string, connections: number): readonly Workload[] {
  const small = requestText(chatBody(MODELS.json, 1024, false), token)
  const large = requestText(chatBody(MODELS.json, 32 * 1024, false), token)
  return [
    { ...answered, name: '1 KB', connections, request: small },
    { ...answered, name: '32 KB', connections, request: large },
    {
      ...streamed,
      name: 'stream, burst',
      connections,
      request: requestText(chatBody(MODELS.burst, 1024, true), token),
    },
    {
      ...streamed,
      name: 'stream, paced',
      counts: 'texts',
      connections,
      request: requestText(chatBody(MODELS.paced, 1024, true), token),
    },
    { ...answered, name: '1 KB, one at a time', measures: 'latency', connections: 1, request: small },
  ]
}

export function ruleWorkload(token: string, connections: number): Workload {
  return { ...answered, name: '1 KB', connections, request: requestText(chatBody(MODELS.json, 1024, false), token) }
}

/** What Sallyport refuses: each must cost less than what it lets through. */
export function refusedWorkloads(token: string, connections: number): readonly Workload[] {
  const other = requestText(chatBody(DENIED_MODEL, 1024, false), token)
  const nobody = requestText(chatBody(MODELS.json, 1024, false), null)
  return [
    {
      ...refused,
      name: 'denied by policy',
      connections,
      request: other,
      expectStatus: 403,
      expectText: 'policy_denied',
    },
    {
      ...refused,
      name: 'no credential',
      connections,
      request: nobody,
      expectStatus: 401,
      expectText: 'missing_credentials',
    },
  ]
}
