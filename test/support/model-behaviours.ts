import { gzipSync } from 'node:zlib'
import type { JsonObject } from '../../src/model/json.ts'
import { asksUsage, chatEvents, eventText, sendError, sendJson, startEvents, TEXT } from './model-answers.ts'
import type { Behaviour, ModelCall } from './model-server.ts'

const DOCUMENT: JsonObject = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
}
const BODY = JSON.stringify(DOCUMENT)

/** Bytes that Node itself would refuse to write. */
export function raw(call: ModelCall, text: string): void {
  call.socket.write(text)
}

/** Takes the request and never answers. */
export const stallBeforeHead: Behaviour = () => undefined

/** One event of a stream, then nothing more. */
export const stallMidStream: Behaviour = (call) => {
  startEvents(call.response)
  call.response.write(chatEvents(call, false)[1])
}

export const resetBeforeHead: Behaviour = (call) => void call.socket.resetAndDestroy()

/** Half of a document whose length was announced, then a reset. */
export const resetMidBody: Behaviour = (call) => {
  call.response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5000 })
  call.response.write(BODY, () => call.socket.resetAndDestroy())
}

export const resetMidStream: Behaviour = (call) => {
  startEvents(call.response)
  call.response.write(chatEvents(call, false)[1], () => call.socket.resetAndDestroy())
}

/** A stream that breaks off in the middle of an event. */
export const resetMidEvent: Behaviour = (call) => {
  startEvents(call.response)
  call.response.write(`${chatEvents(call, false)[1]}data: {"id":"cut`, () => call.socket.resetAndDestroy())
}

/** A stream that ends as HTTP wants it, but without its `[DONE]`. */
export const endWithoutDone: Behaviour = (call) => {
  startEvents(call.response)
  call.response.end(chatEvents(call, false).slice(0, 3).join(''))
}

/** The connection closes before the announced length is there. */
export const shortBody: Behaviour = (call) => {
  raw(call, `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length + 10}\r\n\r\n${BODY}`)
  call.socket.end()
}

/** More bytes than were announced: a second answer that nobody asked for. */
export const longBody: Behaviour = (call) =>
  raw(
    call,
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{"evil":"1"}`,
  )

/** Both framings at once. */
export const bothFramings: Behaviour = (call) =>
  raw(
    call,
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  )

export const twoLengths: Behaviour = (call) =>
  raw(call, `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nContent-Length: 3\r\n\r\n{} `)

/** Usage that no number can be. */
export const wrongUsage: Behaviour = (call) =>
  sendJson(call.response, 200, {
    ...DOCUMENT,
    usage: { prompt_tokens: -5, completion_tokens: '7' as unknown as number, total_tokens: 1e300 },
  })

/** Informational answers before the real one (RFC 9110 section 15.2). */
export const informational: Behaviour = (call) => {
  raw(call, 'HTTP/1.1 103 Early Hints\r\nlink: </evil>; rel=preload\r\nset-cookie: a=b\r\n\r\n')
  raw(call, 'HTTP/1.1 102 Processing\r\n\r\n')
  raw(
    call,
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`,
  )
  call.socket.end()
}

/** An upgrade that nobody asked for. */
export const switchProtocols: Behaviour = (call) =>
  raw(call, 'HTTP/1.1 101 Switching Protocols\r\nupgrade: evil\r\nconnection: upgrade\r\n\r\nhello')

export const redirect: Behaviour = (call) =>
  sendJson(call.response, 307, { moved: true }, { location: 'http://127.0.0.1:9/elsewhere' })

/** Any status with an error body, and headers to go with it. */
export const status =
  (code: number, headers: JsonObject = {}): Behaviour =>
  (call) =>
    sendError(call.response, code, `mock status ${code}`, headers)

export const noContent: Behaviour = (call) => void call.response.writeHead(204).end()
export const notModified: Behaviour = (call) => void call.response.writeHead(304, { etag: '"x"' }).end()

/** An answer head past any sensible size. */
export const hugeHeaders: Behaviour = (call) =>
  raw(call, `HTTP/1.1 200 OK\r\n${`x-filler: ${'f'.repeat(1000)}\r\n`.repeat(40)}content-length: 2\r\n\r\n{}`)

/** A bare CR and a smuggled header in a header's value. */
export const splitHeader: Behaviour = (call) =>
  raw(call, 'HTTP/1.1 200 OK\r\nx-note: a\rset-cookie: evil=1\r\ncontent-length: 2\r\n\r\n{}')

/** Headers that are nobody's business but the upstream's. */
export const PRIVATE_HEADERS: JsonObject = {
  'set-cookie': 'session=upstream; Path=/',
  'alt-svc': 'h3=":443"',
  'openai-organization': 'org-secret',
  'openai-project': 'proj-secret',
  server: 'mock/1',
  'x-powered-by': 'mock',
  'access-control-allow-origin': '*',
  'www-authenticate': 'Bearer realm="mock"',
  'strict-transport-security': 'max-age=1',
  'x-request-id': 'upstream-id',
  connection: 'x-hop',
  'x-hop': '1',
}
export const privateHeaders: Behaviour = (call) => sendJson(call.response, 200, DOCUMENT, PRIVATE_HEADERS)

/** A compressed answer, although `identity` was asked for. */
export const compressed: Behaviour = (call) => {
  const body = gzipSync(BODY)
  call.response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(body)
}

/** An error that repeats the key it was called with, as some engines do. */
export const echoKey: Behaviour = (call) => {
  const key = call.request.header('authorization') ?? ''
  sendError(call.response, 400, `wrong key provided: ${key.replace('Bearer ', '')} (${key})`)
}

/** A stream that goes on for as long as somebody reads; `written` counts its bytes. */
export function endless(written: { bytes: number }, piece = 16 * 1024): Behaviour {
  return (call) => {
    startEvents(call.response)
    const event = eventText({ object: 'chat.completion.chunk', choices: [], filler: 'x'.repeat(piece) })
    const go = () => {
      while (!call.response.destroyed) {
        written.bytes += event.length
        if (!call.response.write(event)) {
          call.response.once('drain', go)
          return
        }
      }
    }
    go()
  }
}

/** A stream of what is not server-sent events. */
export const garbageStream: Behaviour = (call) => {
  startEvents(call.response)
  call.response.end(Buffer.from([0xff, 0xfe, 0, 10, 10, 100, 97, 116, 97, 58, 123, 13, 13, 10, 0xc3, 0x28]))
}

/** The whole stream, one byte a write, so that every split happens. */
export const drip: Behaviour = async (call) => {
  startEvents(call.response)
  const bytes = Buffer.from(chatEvents(call, asksUsage(call.json ?? {})).join(''))
  for (let index = 0; index < bytes.length; index++) {
    if (call.response.destroyed) return
    call.response.write(bytes.subarray(index, index + 1))
    if (index % 8 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  call.response.end()
}

/** A stream that waits between its first events and its rest until `gate` opens. */
export function gated(gate: Promise<unknown>): Behaviour {
  return async (call) => {
    const events = chatEvents(call, asksUsage(call.json ?? {}))
    startEvents(call.response)
    call.response.write(events.slice(0, 2).join(''))
    await gate
    if (!call.response.destroyed) call.response.end(events.slice(2).join(''))
  }
}
