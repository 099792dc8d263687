import { type AddressInfo, createServer, type Socket } from 'node:net'
import { berElement } from '../../src/identity/ldap/ber.ts'

/** What a client asked for, as far as the tests look. A search has its filter as text, with bytes in hexadecimal. */
export type LdapRequest =
  | { readonly kind: 'bind'; readonly dn: string; readonly password: string }
  | { readonly kind: 'search'; readonly base: string; readonly filter: string }
  | { readonly kind: 'unbind' | 'extended' | 'other' }

/** Entries and references of a search, then its result. */
export interface LdapAnswer {
  readonly code?: number
  readonly diagnostic?: string
  readonly entries?: readonly {
    readonly dn: string
    readonly attributes?: { readonly [name: string]: string | Buffer | readonly (string | Buffer)[] }
  }[]
  readonly references?: readonly string[]
  /** Bytes as they are, instead of all of this. */
  readonly raw?: Buffer
}

/** A directory that answers what the test says; null is silence. */
export interface ScriptedLdap {
  readonly port: number
  readonly requests: LdapRequest[]
  readonly sockets: ReadonlySet<Socket>
  close(): Promise<void>
}

export async function startScriptedLdap(answer: (request: LdapRequest) => LdapAnswer | null): Promise<ScriptedLdap> {
  const requests: LdapRequest[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    let held = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      for (;;) {
        const message = berElement(held, 0)
        // What is no LDAP is not answered: TLS, after somebody agreed to it.
        if (message?.tag !== 0x30 || message.end > held.length) return
        const { id, request, operation } = read(held, message.start)
        held = held.subarray(message.end)
        requests.push(request)
        const said = request.kind === 'unbind' ? null : answer(request)
        if (said !== null) socket.write(said.raw ?? written(id, operation, said))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    sockets,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** One BER element. */
export function tlv(tag: number, ...content: readonly (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const { length } = bytes
  const head = length < 128 ? [tag, length] : [tag, 0x83, length >> 16, (length >> 8) & 255, length & 255]
  return Buffer.concat([Buffer.from(head), bytes])
}

const RESPONSES: { readonly [operation: number]: number } = { 96: 0x61, 99: 0x65, 119: 0x78 }

function written(id: Buffer, operation: number, answer: LdapAnswer): Buffer {
  const { code = 0, diagnostic = '', entries = [], references = [] } = answer
  const message = (content: Buffer) => tlv(0x30, tlv(0x02, id), content)
  return Buffer.concat([
    ...entries.map(({ dn, attributes = {} }) =>
      message(tlv(0x64, tlv(0x04, dn), tlv(0x30, ...attributesOf(attributes)))),
    ),
    ...references.map((url) => message(tlv(0x73, tlv(0x04, url)))),
    message(tlv(RESPONSES[operation] ?? 0x65, tlv(0x0a, Buffer.from([code])), tlv(0x04), tlv(0x04, diagnostic))),
  ])
}

function attributesOf(attributes: NonNullable<NonNullable<LdapAnswer['entries']>[number]['attributes']>): Buffer[] {
  return Object.entries(attributes).map(([name, values]) => {
    const list = (Array.isArray(values) ? values : [values]) as readonly (string | Buffer)[]
    return tlv(0x30, tlv(0x04, name), tlv(0x31, ...list.map((value) => tlv(0x04, value))))
  })
}

function element(bytes: Buffer, at: number) {
  const found = berElement(bytes, at)
  if (!found) throw new Error('a client that does not speak BER')
  return { ...found, content: bytes.subarray(found.start, found.end) }
}

function children(bytes: Buffer): ReturnType<typeof element>[] {
  const found: ReturnType<typeof element>[] = []
  for (let at = 0; at < bytes.length; at = found.at(-1)?.end ?? bytes.length) found.push(element(bytes, at))
  return found
}

function read(bytes: Buffer, at: number): { id: Buffer; operation: number; request: LdapRequest } {
  const number = element(bytes, at)
  const operation = element(bytes, number.end)
  const parts = operation.content
  const id = Buffer.from(number.content)
  if (operation.tag === 0x60) {
    const [, dn, password] = children(parts)
    return {
      id,
      operation: 0x60,
      request: { kind: 'bind', dn: String(dn?.content), password: String(password?.content) },
    }
  }
  if (operation.tag === 0x63) {
    const [base, , , , , , filter] = children(parts)
    return {
      id,
      operation: 0x63,
      request: { kind: 'search', base: String(base?.content), filter: filter ? text(filter) : '' },
    }
  }
  const kind = operation.tag === 0x42 ? 'unbind' : operation.tag === 0x77 ? 'extended' : 'other'
  return { id, operation: operation.tag, request: { kind } }
}

const SIGNS: { readonly [tag: number]: string } = { 160: '&', 161: '|', 162: '!' }
const shown = (bytes: Buffer | undefined) =>
  /^[\x20-\x7e]*$/.test(String(bytes)) ? String(bytes) : `#${bytes?.toString('hex')}`

function text({ tag, content }: { readonly tag: number; readonly content: Buffer }): string {
  const sign = SIGNS[tag]
  if (sign !== undefined) return `(${sign}${children(content).map(text).join('')})`
  if (tag === 0x87) return `(${content}=*)`
  const parts = children(content)
  if (tag === 0xa9) {
    const of = (wanted: number) => parts.find((part) => part.tag === wanted)?.content
    return `(${of(0x82)}:${of(0x81)}:=${shown(of(0x83))})`
  }
  return `(${parts[0]?.content}=${shown(parts[1]?.content)})`
}
