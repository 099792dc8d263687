import type { IncomingMessage, ServerResponse } from 'node:http'

/** How long, and how much, a refused client may go on sending so that it gets to read its answer. */
const LINGER_MS = 1000
const LINGER_BYTES = 4 * 1024 * 1024

/**
 * Reads on, and throws away, until the client has sent its body, and ends the answer only then: closing at once would
 * reset the connection before the client has read why. `cut` is called when it takes too long or sends too much.
 */
export function linger(request: IncomingMessage, response: ServerResponse, cut: () => void): void {
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
export function announcesBody({ method, rawHeaders }: IncomingMessage): boolean {
  if (method === 'CONNECT') return false
  return rawHeaders.some(
    (name, index) =>
      index % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name) && rawHeaders[index + 1] !== '0',
  )
}
