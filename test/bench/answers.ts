/** What the upstreams of the bench answer: about 1 KB of JSON, and streams of 100 chunks of about 180 bytes. */
export const CHUNKS = 100
/** Between two chunks of a paced stream. */
export const PACE_MS = 10

export const MODELS = { json: 'bench-json', burst: 'bench-burst', paced: 'bench-paced', large: 'bench-large' } as const
/** Served, and denied by a rule. */
export const DENIED_MODEL = 'bench-denied'

const USAGE = { prompt_tokens: 200, completion_tokens: 100, total_tokens: 300 }

export const jsonAnswer = JSON.stringify({
  id: 'chatcmpl-0123456789abcdefghijklmnop',
  object: 'chat.completion',
  created: 1760000000,
  model: MODELS.json,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'The quick brown fox jumps over the lazy dog. '.repeat(15).trim() },
      finish_reason: 'stop',
    },
  ],
  usage: USAGE,
})

function event(more: object): string {
  const document = { id: 'chatcmpl-0123456789', object: 'chat.completion.chunk', created: 1760000000, ...more }
  return `data: ${JSON.stringify(document)}\n\n`
}

function framed(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

const delta = (content: string, finish: string | null) => ({
  model: MODELS.burst,
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
})

export const streamHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const content = event(delta(' lorem', null))
const last = event(delta('', 'stop'))
const usage = event({ model: MODELS.burst, choices: [], usage: USAGE })
const done = 'data: [DONE]\n\n'
export const contentChunk = framed(content)

/** Everything after the content: the finish, the usage where it was asked for, and the end of the stream. */
export function streamEnd(withUsage: boolean): string {
  return `${framed(last)}${withUsage ? framed(usage) : ''}${framed(done)}0\r\n\r\n`
}

/** `data:` lines that a client gets which did not ask for usage. */
export const EVENTS = CHUNKS + 1

export function streamBurst(withUsage: boolean): string {
  return streamHead + contentChunk.repeat(CHUNKS - 1) + streamEnd(withUsage)
}

/** The events of that stream without HTTP around them. */
export function plainBurst(withUsage: boolean): string {
  return content.repeat(CHUNKS - 1) + last + (withUsage ? usage : '') + done
}
