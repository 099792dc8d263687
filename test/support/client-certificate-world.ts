import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import type { Test } from 'tap'
import { Agent, fetch } from 'undici'
import type { AuditLine } from './audit-stream.ts'
import type { Pair } from './certificates.ts'
import { ClientAuthority, FOR_CLIENTS } from './client-authority.ts'
import type { ProxyOptions } from './proxy-folder.ts'
import type { RawAnswer, RawConnection } from './raw-client.ts'
import { requestBytes } from './raw-client.ts'
import { TlsFiles } from './tls-world.ts'
import { CHAT, chatBody, JSON_TYPE, type World } from './world.ts'

/** The files of a listener that asks its clients for certificates, and who signs those. */
export class ClientCertificates {
  readonly files: TlsFiles
  readonly authority = new ClientAuthority()
  readonly listen: NonNullable<ProxyOptions['listen']>

  constructor(t: Test) {
    this.files = new TlsFiles(t)
    t.teardown(() => this.authority.close())
    writeFileSync(this.authorityFile, this.authority.cert)
    const tls = { ...(this.files.listen.tls as object), client_ca: { file: this.authorityFile } }
    this.listen = { tls }
  }

  get authorityFile(): string {
    return join(this.files.folder, 'clients.crt')
  }

  get listFile(): string {
    return join(this.files.folder, 'list.pem')
  }

  /** For somebody with one name, in groups. */
  issue(name: string, groups: readonly string[] = ['analysts']): Pair {
    const subject = `${groups.map((group) => `/OU=${group}`).join('')}/CN=somebody`
    return this.authority.issue({ subject, extensions: [FOR_CLIENTS, `subjectAltName=${name}`] })
  }

  /** What a client shows of itself; nothing without a pair. */
  client(pair: Pair | null, ca = this.files.authority.cert): ConnectionOptions {
    return pair === null ? { ca } : { ca, cert: pair.cert, key: pair.key }
  }

  /** For the official SDK. */
  fetcher(t: Test, pair: Pair): never {
    const dispatcher = new Agent({ connect: this.client(pair) as object })
    t.teardown(() => dispatcher.close())
    return ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as never
  }
}

/** The bytes of a chat request with the headers that it is given. */
export const chatWith = (...headers: readonly string[]): Buffer =>
  requestBytes(CHAT, ['Host: x', JSON_TYPE, ...headers], chatBody())

/** An answer in short: its status, why, and by which event. */
export async function told(world: World, connection: RawConnection, bytes: Buffer): Promise<string> {
  connection.send(bytes)
  const answer = await connection.answer()
  const decision = await decisionOf(world, answer)
  return [answer.status, answer.code, decision.get('event.reason')].filter((part) => part !== undefined).join(' ')
}

export async function decisionOf({ proxy }: World, answer: RawAnswer): Promise<AuditLine> {
  return proxy.audit.decision(answer.header('x-request-id') ?? '')
}
