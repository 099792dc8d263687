import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { Test } from 'tap'
import { startIdentityProvider } from './identity-provider.ts'
import { listening } from './loopback.ts'
import { type RunningProxy, startProxy } from './proxy.ts'
import type { ProxyOptions } from './proxy-folder.ts'
import { RawConnection } from './raw-client.ts'
import { within } from './within.ts'
import { ALICE } from './world.ts'

/** For all of a test with a large upload. Milliseconds. */
export const LARGE_PATIENCE_MS = 100_000

const BOUNDARY = 'x-large'

/** What an upstream makes of one request's body, of which it keeps nothing. */
export interface Sink<Got> {
  take(chunk: Buffer): void
  /** `length`: as the request announced it. */
  end(length: number): Got
}

/** An upstream that takes files and keeps nothing of them; `got` has what its sinks made of each. */
export async function startSink<Got>(t: Test, open: () => Sink<Got>): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = []
  const server = createServer((request, response) => {
    const sink = open()
    request.on('data', (chunk: Buffer) => sink.take(chunk))
    request.on('end', () => {
      got.push(sink.end(Number(request.headers['content-length'])))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1","object":"file"}')
    })
  })
  const { origin, close } = await listening(server)
  t.teardown(close)
  return { url: `${origin}/v1`, got }
}

/** The head of one part of a form. */
export function partHead(boundary: string, head: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`
}

/** A form with one file of which all pieces are of one length. */
export interface LargeForm {
  readonly purpose: string
  readonly filename: string
  readonly count: number
  readonly pieceBytes: number
  piece(index: number): Buffer | string
}

/** The proxy, and a connection on which forms are sent as fast as it takes them; each answers its status. */
export async function startUploading(
  t: Test,
  options: ProxyOptions,
): Promise<{ proxy: RunningProxy; send: (form: LargeForm) => Promise<number> }> {
  const idp = await startIdentityProvider()
  const proxy = await startProxy({ issuer: idp.issuer, ...options })
  t.teardown(async () => {
    await proxy.close()
    await idp.close()
  })
  const token = await idp.token(ALICE)
  const socket = connect({ port: proxy.port, host: '127.0.0.1' })
  const connection = new RawConnection(socket)
  t.teardown(() => connection.close())
  const write = async ({ purpose, filename, count, pieceBytes, piece }: LargeForm) => {
    const file = partHead(BOUNDARY, `name="file"; filename="${filename}"`)
    const before = Buffer.from(`${partHead(BOUNDARY, 'name="purpose"')}${purpose}\r\n${file}`)
    const after = Buffer.from(`\r\n--${BOUNDARY}--\r\n`)
    const head = [
      'POST /v1/files HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${token}`,
      `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
      `Content-Length: ${before.length + count * pieceBytes + after.length}`,
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    socket.write(before)
    for (let index = 0; index < count; index++) {
      if (!socket.write(piece(index))) await new Promise((resolve) => socket.once('drain', resolve))
    }
    socket.write(after)
  }
  const send = async (form: LargeForm) => {
    await Promise.race([write(form), connection.ended()])
    await within(connection.receives('"file-1'), 'the answer to the upload', LARGE_PATIENCE_MS)
    return (await connection.answer()).status
  }
  return { proxy, send }
}
