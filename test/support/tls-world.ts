import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { Authority, type Pair } from './certificates.ts'
import type { ProxyOptions } from './proxy-folder.ts'
import { RawConnection } from './raw-client.ts'
import { within } from './within.ts'

/** A folder with the files that `listen.tls` names, and the authority that signed them. */
export class TlsFiles {
  readonly authority = new Authority()
  readonly folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'))
  readonly listen: { readonly tls: NonNullable<ProxyOptions['listen']>[string] }

  constructor(t: Test) {
    t.teardown(() => this.authority.close())
    this.write(this.authority.issue())
    this.listen = { tls: { cert: { file: this.certFile }, key: { file: this.keyFile } } }
  }

  get certFile(): string {
    return join(this.folder, 'tls.crt')
  }

  get keyFile(): string {
    return join(this.folder, 'tls.key')
  }

  write({ cert, key }: Pair): void {
    writeFileSync(this.keyFile, key, { mode: 0o600 })
    writeFileSync(this.certFile, cert)
  }
}

/** A connection over TLS that sends exactly the bytes it is given. Rejects where the handshake fails. */
export async function tlsConnect(
  port: number,
  options: ConnectionOptions,
): Promise<RawConnection & { socket: TLSSocket }> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...options })
  const connection = new RawConnection(socket)
  await within(
    new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
    }),
    'the handshake',
  )
  return connection as RawConnection & { socket: TLSSocket }
}
