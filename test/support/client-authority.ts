import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientCertificate } from '../../src/model/identity.ts'
import type { Pair } from './certificates.ts'

export interface ClientIssue {
  readonly subject?: string
  /** Lines of extensions, as OpenSSL writes them. */
  readonly extensions?: readonly string[]
  /** From today; negative: it is over. */
  readonly days?: number
  /** One that this authority has signed, as the signer. */
  readonly by?: Pair
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const
export const FOR_CLIENTS = 'extendedKeyUsage=clientAuth'

/** An authority of one test that signs certificates of clients, and what of them is revoked. */
export class ClientAuthority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sallyport-client-ca-'))
  readonly cert: string
  #made = 0

  constructor(subject = '/O=Example/CN=Client Authority') {
    const own = ['-keyout', 'ca.key', '-out', 'ca.crt', '-days', '30', '-subj', subject]
    this.#openssl('req', '-x509', ...NEW_KEY, ...own)
    this.cert = this.#read('ca.crt')
    writeFileSync(join(this.#folder, 'index.txt'), '')
    writeFileSync(join(this.#folder, 'crlnumber'), '01\n')
    const settings = ['database=index.txt', 'crlnumber=crlnumber', 'default_md=sha256', 'crl_extensions=crl']
    writeFileSync(
      join(this.#folder, 'ca.cnf'),
      `[ca]\ndefault_ca=own\n[own]\n${settings.join('\n')}\n[crl]\nauthorityKeyIdentifier=keyid\n`,
    )
  }

  issue({ subject = '/CN=alice', extensions = [FOR_CLIENTS], days = 30, by }: ClientIssue = {}): Pair {
    const name = `client${++this.#made}`
    this.#openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-utf8', '-subj', subject)
    writeFileSync(join(this.#folder, `${name}.ext`), `${extensions.join('\n')}\n`)
    if (by !== undefined) {
      writeFileSync(join(this.#folder, 'by.crt'), by.cert)
      writeFileSync(join(this.#folder, 'by.key'), by.key)
    }
    const signer = by === undefined ? 'ca' : 'by'
    const signed = ['-CA', `${signer}.crt`, '-CAkey', `${signer}.key`, '-CAcreateserial', '-days', String(days)]
    const files = ['-in', `${name}.csr`, '-out', `${name}.crt`, '-extfile', `${name}.ext`]
    this.#openssl('x509', '-req', ...files, ...signed)
    return { cert: this.#read(`${name}.crt`), key: this.#read(`${name}.key`) }
  }

  revoke({ cert }: Pair): void {
    writeFileSync(join(this.#folder, 'revoked.crt'), cert)
    this.#openssl('ca', '-config', 'ca.cnf', '-cert', 'ca.crt', '-keyfile', 'ca.key', '-revoke', 'revoked.crt')
  }

  /** What is revoked now. `hours` from now on until the list is over; negative: it is. */
  revocations(hours = 24): string {
    const signer = ['-config', 'ca.cnf', '-cert', 'ca.crt', '-keyfile', 'ca.key']
    const time = (ms: number) =>
      new Date(ms)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2)
    const now = Date.now()
    const from = Math.min(now, now + (hours - 1) * 3_600_000)
    const dates = ['-crl_lastupdate', time(from), '-crl_nextupdate', time(now + hours * 3_600_000)]
    this.#openssl('ca', '-gencrl', ...signer, ...dates, '-out', 'list.pem')
    return this.#read('list.pem')
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #openssl(...command: readonly string[]): void {
    execFileSync('openssl', command, { cwd: this.#folder, stdio: 'pipe' })
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8')
  }
}

/** A certificate as a handshake that was verified by `authorities` leaves it. */
export function shownCertificate({ cert }: Pair, authorities: string): ClientCertificate {
  const { raw, validToDate, fingerprint256 } = new X509Certificate(cert)
  const thumbprint = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
  return { raw, thumbprint, authorities, untilMs: validToDate.getTime() }
}
