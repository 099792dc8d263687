import type { IncomingMessage, ServerResponse } from 'node:http'

/** How long, and how much, a refused client may go on sending so that it gets to read its answer. */
const LINGER_MS = 1000
const LINGER_BYTES = 4 * 1024 * 1024

/**
 * Answers with a whole document, whose type the headers say. Where the client has not sent all of its body, the rest is not wanted: the answer
 * is the connection's last one, and `cut` is called when that takes too long or is too much.
 */
export function sendWhole(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  body: Buffer,
  cut: () => void,
): void {
  const head = ['content-length', String(body.length), ...headers]
  if (request.complete || !announcesBody(request)) {
    response.writeHead(status, head)
    response.end(request.method === 'HEAD' ? undefined : body)
    return
  }
  response.shouldKeepAlive = false
  response.writeHead(status, head)
  if (request.method !== 'HEAD') response.write(body)
  linger(request, response, cut)
}

/**
 * Reads on, and throws away, until the client has sent its body, and ends the answer only then: closing at once would
 * reset the connection before the client has read why. `cut` is called when it takes too long or sends too much.
 */
function linger(request: IncomingMessage, response: ServerResponse, cut: () => void): void {
  let received = 0
  const over = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(cut, LINGER_MS)
  request.on('error', () => undefined)
  request.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > LINGER_BYTES) cut()
  })
  request.once('end', over)
  request.once('close', over)
  request.resume()
}

/** A head can be answered before the parser says that nothing follows it. */
function announcesBody({ method, rawHeaders }: IncomingMessage): boolean {
  if (method === 'CONNECT') return false
  return rawHeaders.some(
    (name, index) =>
      index % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name) && rawHeaders[index + 1] !== '0',
  )
}
