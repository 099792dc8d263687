import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate and its private key, PEM. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface Issue {
  readonly subject?: string
  /** As OpenSSL writes them: `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string
  readonly usage?: 'serverAuth' | 'clientAuth'
  /** From today; negative: it is over. */
  readonly days?: number
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const

/** Why no certificates can be made here; null where they can. */
export function noCertificates(): string | null {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return null
  } catch {
    return 'left out: certificates (apt-get install openssl)'
  }
}

/** A certificate authority of one test, that signs what it is asked to. */
export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sallyport-ca-'))
  readonly cert: string
  #made = 0

  constructor(name = 'Test Authority') {
    this.#openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
    )
    this.cert = this.#read('ca.crt')
  }

  /** Signs a new key, for a server of this machine unless it is asked for something else. */
  issue({
    subject = '/CN=localhost',
    names = 'DNS:localhost,IP:127.0.0.1',
    usage = 'serverAuth',
    days = 30,
  }: Issue = {}): Pair {
    const name = `pair${++this.#made}`
    this.#openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject)
    const lines = [
      `extendedKeyUsage=${usage}`,
      'basicConstraints=CA:false',
      ...(names === '' ? [] : [`subjectAltName=${names}`]),
    ]
    writeFileSync(join(this.#folder, `${name}.ext`), `${lines.join('\n')}\n`)
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', String(days)]
    this.#openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.crt`, '-extfile', `${name}.ext`)
    return { cert: this.#read(`${name}.crt`), key: this.#read(`${name}.key`) }
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
