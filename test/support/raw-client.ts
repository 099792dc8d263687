import { connect, type Socket } from 'node:net'
import { within } from './within.ts'

/** One answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number
  /** Name (lower case), value; in the order received. */
  readonly headers: readonly (readonly [string, string])[]
  /** The only value of a header; undefined when it is absent or stands more than once. */
  header(name: string): string | undefined
  readonly body: Buffer
  /** `error.code` of the body; undefined when it has none. */
  readonly code: string | undefined
  /** Informational answers (1xx) that came before it. */
  readonly informational: readonly number[]
  /** False when the connection ended before the body did. */
  readonly complete: boolean
}

/** A TCP connection that sends exactly the bytes it is given. */
export class RawConnection {
  readonly socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #ended: 'open' | 'end' | 'reset' = 'open'
  readonly #watchers = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#notify()
    })
    socket.on('end', () => this.#finish('end'))
    socket.on('close', () => this.#finish('end'))
    socket.on('error', () => this.#finish('reset'))
  }

  /** Bytes received and not yet read as an answer. */
  get pending(): Buffer {
    return this.#received
  }

  send(bytes: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Settles once every byte is with the kernel. */
  flushed(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, () => resolve())
    })
  }

  /** The next answer; rejects when the connection ends before its head. `to`: HEAD answers have no body. */
  answer(to = 'POST'): Promise<RawAnswer> {
    const informational: number[] = []
    return this.#until('an answer', () => {
      for (;;) {
        const read = readAnswer(this.#received, to, this.#ended !== 'open', informational)
        if (read === null) {
          if (this.#ended === 'open') return undefined
          throw new Error(
            `the connection ended (${this.#ended}) without an answer: ${this.#received.toString('latin1')}`,
          )
        }
        this.#received = this.#received.subarray(read.length)
        if (read.answer.status >= 200 || read.answer.status === 101) return read.answer
        informational.push(read.answer.status)
      }
    })
  }

  /** How the connection ended, once it has. */
  ended(): Promise<'end' | 'reset'> {
    return this.#until('the end of the connection', () => (this.#ended === 'open' ? undefined : this.#ended))
  }

  /** Settles once `text` was received. */
  receives(text: string): Promise<void> {
    return this.#until(`the bytes ${JSON.stringify(text)}`, () => {
      if (this.#received.includes(text)) return null
      if (this.#ended !== 'open') throw new Error(`the connection ended without ${JSON.stringify(text)}`)
      return undefined
    }).then(() => undefined)
  }

  close(): void {
    this.socket.destroy()
  }

  #finish(how: 'end' | 'reset'): void {
    if (this.#ended === 'open') this.#ended = how
    this.#notify()
  }

  #notify(): void {
    for (const watch of [...this.#watchers]) watch()
  }

  #until<Value>(what: string, look: () => Value | undefined): Promise<Value> {
    let watch = () => {}
    const found = new Promise<Value>((resolve, reject) => {
      watch = () => {
        try {
          const value = look()
          if (value === undefined) return
          this.#watchers.delete(watch)
          resolve(value)
        } catch (error) {
          this.#watchers.delete(watch)
          reject(error)
        }
      }
      this.#watchers.add(watch)
      watch()
    })
    return within(found, what).finally(() => this.#watchers.delete(watch))
  }
}

export function rawConnect(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ...options })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.removeListener('error', reject)
      socket.setNoDelay(true)
      resolve(new RawConnection(socket))
    })
  })
}

/** Sends bytes on a fresh connection and reads one answer. */
export async function rawRequest(port: number, bytes: string | Buffer, to = 'POST'): Promise<RawAnswer> {
  const connection = await rawConnect(port)
  try {
    connection.send(bytes)
    return await connection.answer(to)
  } finally {
    connection.close()
  }
}

/** The bytes of one request: `headers` are lines; `content-length` is added for a body unless a framing is there. */
export function requestBytes(
  line: string,
  headers: readonly string[] = ['Host: x'],
  body: string | Buffer = '',
): Buffer {
  const content = Buffer.from(body)
  const framed = headers.some((header) => /^(content-length|transfer-encoding)\s*:/i.test(header))
  const lines = [line, ...headers, ...(framed || content.length === 0 ? [] : [`Content-Length: ${content.length}`])]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content])
}

function readAnswer(
  bytes: Buffer,
  to: string,
  ended: boolean,
  informational: readonly number[],
): { answer: RawAnswer; length: number } | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return null
  const [line = '', ...rest] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})(?: |$)/.exec(line)?.[1])
  if (!Number.isInteger(status)) throw new Error(`not an HTTP/1.1 answer: ${line}`)
  const headers = rest.map((text) => {
    const colon = text.indexOf(':')
    return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()] as const
  })
  const header = (name: string) => {
    const values = headers.filter(([known]) => known === name)
    return values.length === 1 ? values[0]?.[1] : undefined
  }
  const from = headEnd + 4
  const bodiless = to === 'HEAD' || status < 200 || status === 204 || status === 304
  const body = bodiless ? { bytes: Buffer.alloc(0), length: 0, complete: true } : readBody(bytes, from, header, ended)
  if (body === null) return null
  const answer = {
    status,
    headers,
    header,
    body: body.bytes,
    informational: [...informational],
    complete: body.complete,
  }
  return { answer: { ...answer, code: errorCode(body.bytes) }, length: from + body.length }
}

interface BodyRead {
  readonly bytes: Buffer
  /** Of the body on the wire. */
  readonly length: number
  readonly complete: boolean
}

function readBody(
  bytes: Buffer,
  from: number,
  header: (name: string) => string | undefined,
  ended: boolean,
): BodyRead | null {
  const rest = bytes.subarray(from)
  const length = header('content-length')
  if (length !== undefined) {
    if (rest.length >= Number(length)) {
      return { bytes: rest.subarray(0, Number(length)), length: Number(length), complete: true }
    }
    return ended ? { bytes: rest, length: rest.length, complete: false } : null
  }
  if (header('transfer-encoding') === 'chunked') return readChunks(rest, ended)
  return ended ? { bytes: rest, length: rest.length, complete: true } : null
}

function readChunks(rest: Buffer, ended: boolean): BodyRead | null {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at)
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(rest.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (Number.isNaN(size) || rest.length < next) {
      return ended ? { bytes: Buffer.concat(chunks), length: rest.length, complete: false } : null
    }
    if (size === 0) return { bytes: Buffer.concat(chunks), length: next, complete: true }
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
}

function errorCode(body: Buffer): string | undefined {
  try {
    return (JSON.parse(body.toString('utf8')) as { error?: { code?: string } }).error?.code
  } catch {
    return undefined
  }
}
