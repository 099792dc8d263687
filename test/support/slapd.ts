import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Authority, noCertificates } from './certificates.ts'
import { polled } from './proxy.ts'

const PROGRAM = ['/usr/sbin/slapd', '/usr/local/sbin/slapd'].find((path) => existsSync(path))
const SCHEMAS = '/etc/ldap/schema'
const MODULES = '/usr/lib/ldap'
/** Who runs it when the tests run as root. */
const NOBODY = 65_534

export const SUFFIX = 'dc=example,dc=org'
export const SERVICE = { dn: `cn=search,${SUFFIX}`, password: 'search-password-ü' }
const ROOT = { dn: `cn=root,${SUFFIX}`, password: 'root-password' }

/** Why it cannot be run here; null where it can. */
export function noSlapd(): string | null {
  if (PROGRAM === undefined || !existsSync(`${SCHEMAS}/msuser.schema`))
    return 'left out: slapd (apt-get install slapd ldap-utils)'
  return noCertificates()
}

/** Entries by their names; a value may be a list. */
export type Entries = { readonly [dn: string]: { readonly [attribute: string]: string | readonly string[] } }

export function person(id: string, more: { readonly [attribute: string]: string | readonly string[] } = {}) {
  return {
    objectClass: ['inetOrgPerson'],
    uid: id,
    cn: id,
    sn: id,
    mail: `${id}@example.org`,
    userPassword: `${id}-pw`,
    ...more,
  }
}

export interface SlapdOptions {
  /** In its certificate, as OpenSSL writes them. */
  readonly names?: string
  /** How many entries it gives at most. */
  readonly sizeLimit?: string
}

/** OpenLDAP with entries of its own, in a folder of its own, as somebody without rights. */
export class Slapd {
  readonly authority: Authority
  readonly folder = mkdtempSync(join(tmpdir(), 'sallyport-slapd-'))
  port = 0
  tlsPort = 0
  #child: ChildProcess | null = null

  constructor(entries: Entries, { names = 'DNS:localhost,IP:127.0.0.1', sizeLimit = 'unlimited' }: SlapdOptions = {}) {
    this.authority = new Authority()
    const { cert, key } = this.authority.issue({ names })
    const write = (name: string, text: string) => writeFileSync(join(this.folder, name), text)
    mkdirSync(join(this.folder, 'db'))
    write('ca.crt', this.authority.cert)
    write('tls.crt', cert)
    write('tls.key', key)
    write('slapd.conf', configuration(this.folder, sizeLimit))
    write('entries.ldif', ldif({ ...BASE, ...entries }))
    this.#tool('slapadd', ['-f', 'slapd.conf', '-l', 'entries.ldif'])
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, this.folder])
    chmodSync(this.folder, 0o755)
  }

  get ca(): string {
    return join(this.folder, 'ca.crt')
  }

  get url(): string {
    return `ldap://127.0.0.1:${this.port}`
  }

  get tlsUrl(): string {
    return `ldaps://localhost:${this.tlsPort}`
  }

  /** On the ports that it had before, where it had some. */
  async start(): Promise<void> {
    if (this.port === 0) [this.port, this.tlsPort] = [await freePort(), await freePort()]
    const listeners = `ldap://127.0.0.1:${this.port} ldaps://127.0.0.1:${this.tlsPort}`
    const asNobody = process.getuid?.() === 0 ? ['-u', String(NOBODY), '-g', String(NOBODY)] : []
    const child = spawn(PROGRAM ?? '', ['-d', '0', '-f', 'slapd.conf', '-h', listeners, ...asNobody], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await polled(async () => (await accepts(this.port)) || child.exitCode !== null, 'slapd')
    if (child.exitCode !== null) throw new Error(`slapd ended at its start:\n${said}`)
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    await gone
  }

  async close(): Promise<void> {
    await this.stop()
    this.authority.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Changes entries as an administrator would: the text of LDIF change records. */
  modify(changes: string): void {
    const how = ['-x', '-H', this.url, '-D', ROOT.dn, '-w', ROOT.password]
    execFileSync('ldapmodify', how, { input: changes, stdio: ['pipe', 'pipe', 'pipe'] })
  }

  replace(dn: string, attribute: string, value: string): void {
    this.modify(`dn: ${dn}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${value}\n`)
  }

  #tool(name: string, argv: readonly string[]): void {
    execFileSync(`/usr/sbin/${name}`, argv, { cwd: this.folder, stdio: 'pipe' })
  }
}

const BASE: Entries = {
  [SUFFIX]: { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'example' },
  [SERVICE.dn]: { objectClass: ['person'], cn: 'search', sn: 'search', userPassword: SERVICE.password },
  [`ou=people,${SUFFIX}`]: { objectClass: 'organizationalUnit', ou: 'people' },
  [`ou=groups,${SUFFIX}`]: { objectClass: 'organizationalUnit', ou: 'groups' },
}

function configuration(folder: string, sizeLimit: string): string {
  return `${['core', 'cosine', 'nis', 'inetorgperson', 'msuser'].map((name) => `include ${SCHEMAS}/${name}.schema`).join('\n')}
modulepath ${MODULES}
moduleload back_mdb
moduleload ppolicy
attributetype ( 1.3.6.1.4.1.99999.1 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.2 NAME 'department2' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.4.1.99999.9 NAME 'account2' SUP top AUXILIARY
  MAY ( nsAccountLock $ department2 $ sAMAccountName $ userAccountControl $ accountExpires $ pwdLastSet $ primaryGroupID $ objectSid ) )
TLSCACertificateFile ${folder}/ca.crt
TLSCertificateFile ${folder}/tls.crt
TLSCertificateKeyFile ${folder}/tls.key
TLSVerifyClient never
sizelimit ${sizeLimit}
database mdb
suffix "${SUFFIX}"
rootdn "${ROOT.dn}"
rootpw ${ROOT.password}
directory ${folder}/db
maxsize 67108864
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${SERVICE.dn}" read by anonymous auth by * none
overlay ppolicy
ppolicy_use_lockout
`
}

/** All values in base64, so that none can be read as something else. */
function ldif(entries: Entries): string {
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  return Object.entries(entries)
    .map(([dn, attributes]) => {
      const lines = Object.entries(attributes).flatMap(([name, values]) =>
        [values].flat().map((value) => `${name}:: ${Buffer.from(value).toString('base64')}`),
      )
      return `dn:: ${encoded(dn)}\n${lines.join('\n')}\n`
    })
    .join('\n')
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
