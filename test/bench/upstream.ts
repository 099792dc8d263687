// The model server of the bench, a process of its own: raw sockets and pre-built answers. The model that a request
// names selects the answer. Prints its port.
import { createServer, type Socket } from 'node:net'
import { CHUNKS, contentChunk, jsonAnswer, MODELS, PACE_MS, streamBurst, streamEnd, streamHead } from './answers.ts'

const json = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(jsonAnswer)}\r\n\r\n${jsonAnswer}`,
)
const bursts = { plain: Buffer.from(streamBurst(false)), usage: Buffer.from(streamBurst(true)) }
const head = Buffer.from(streamHead)
const chunk = Buffer.from(contentChunk)
const ends = { plain: Buffer.from(streamEnd(false)), usage: Buffer.from(streamEnd(true)) }

interface Paced {
  readonly socket: Socket
  readonly kind: keyof typeof ends
  readonly phase: number
  sent: number
}

const paced = new Set<Paced>()
let clock = 0

/** Streams start at different phases, so that their chunks do not all fall on one moment. */
setInterval(() => {
  clock = (clock + 1) % PACE_MS
  for (const stream of paced) {
    if (stream.phase !== clock) continue
    if (++stream.sent < CHUNKS) stream.socket.write(chunk)
    else {
      paced.delete(stream)
      stream.socket.write(ends[stream.kind])
    }
  }
}, 1)

let streams = 0

function answer(socket: Socket, request: string): void {
  const kind = request.includes('"include_usage":true') ? 'usage' : 'plain'
  if (request.includes(MODELS.json) || request.includes(MODELS.large)) socket.write(json)
  else if (request.includes(MODELS.burst)) socket.write(bursts[kind])
  else {
    socket.write(head)
    paced.add({ socket, kind, phase: streams++ % PACE_MS, sent: 0 })
  }
}

/** The length of the first whole request in these bytes; 0 when it is not complete. */
function requestLength(text: string): number {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return 0
  const headers = text.slice(0, end).toLowerCase()
  if (headers.includes('\r\ntransfer-encoding:')) {
    const last = text.indexOf('\r\n0\r\n\r\n', end)
    return last === -1 ? 0 : last + 7
  }
  const length = /\r\ncontent-length: *(\d+)/.exec(headers)
  const whole = end + 4 + Number(length?.[1] ?? 0)
  return text.length < whole ? 0 : whole
}

const server = createServer({ noDelay: true }, (socket) => {
  let pending = ''
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    pending += bytes.toString('latin1')
    for (let length = requestLength(pending); length > 0; length = requestLength(pending)) {
      answer(socket, pending.slice(0, length))
      pending = pending.slice(length)
    }
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`)
})
process.on('SIGTERM', () => process.exit(0))
