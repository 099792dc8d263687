import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { LdapSettings } from '../../../../src/model/identity-settings.ts'
import { Authority } from '../../../support/certificates.ts'
import { type LdapAnswer, type LdapRequest, startScriptedLdap, tlv } from '../../../support/ldap-server.ts'
import { noSlapd, person, SUFFIX } from '../../../support/slapd.ts'
import { folder } from '../forge.ts'
import { ldapSettings, openDirectories, startSlapd } from './scene.ts'

const missing = noSlapd()
const ALICE = { [`uid=alice,ou=people,${SUFFIX}`]: person('alice') }
const tls = (port: number, host: string) => ({ servers: [{ secure: true, host, port }] })
const start = (port: number, host: string) => ({ servers: [{ secure: false, host, port }], startTls: true })

if (missing === null) {
  t.test('a server shows a certificate for its name that a trusted authority signed', async (t) => {
    const slapd = await startSlapd(t, ALICE)
    const elsewhere = await startSlapd(t, ALICE, { names: 'DNS:ldap.example.org' })
    const stranger = new Authority('Stranger')
    t.teardown(() => stranger.close())
    const wrong = join(folder(t), 'wrong.crt')
    writeFileSync(wrong, stranger.cert)
    const { ca } = slapd
    const rows: readonly (readonly [string, Partial<LdapSettings>, string])[] = [
      ['LDAPS', { ...tls(slapd.tlsPort, 'localhost'), ca }, 'verified'],
      ['LDAPS by address', { ...tls(slapd.tlsPort, '127.0.0.1'), ca }, 'verified'],
      ['StartTLS', { ...start(slapd.port, 'localhost'), ca }, 'verified'],
      ['StartTLS by address', { ...start(slapd.port, '127.0.0.1'), ca }, 'verified'],
      ['LDAPS, another authority', { ...tls(slapd.tlsPort, 'localhost'), ca: wrong }, 'untrusted_certificate'],
      ['StartTLS, another authority', { ...start(slapd.port, 'localhost'), ca: wrong }, 'untrusted_certificate'],
      ['LDAPS, no authority of ours', tls(slapd.tlsPort, 'localhost'), 'untrusted_certificate'],
      ['LDAPS, another host', { ...tls(elsewhere.tlsPort, 'localhost'), ca: elsewhere.ca }, 'untrusted_certificate'],
      ['StartTLS, another host', { ...start(elsewhere.port, 'localhost'), ca: elsewhere.ca }, 'untrusted_certificate'],
      ['no file of authorities', { ...tls(slapd.tlsPort, 'localhost'), ca: `${ca}.gone` }, 'ca_unreadable'],
      ['LDAPS to a port without', { ...tls(slapd.port, 'localhost'), ca }, 'tls_failed'],
    ]
    for (const [name, more, outcome] of rows) {
      const { verify, reports } = openDirectories(t, ldapSettings(slapd.port, more))
      const verification = await verify('alice', 'alice-pw')
      if (outcome === 'verified') {
        t.equal(verification.outcome, 'verified', name)
        continue
      }
      t.match(
        verification,
        { outcome: 'unavailable', reason: 'directory_unavailable', method: 'ldap', issuer: 'corp' },
        name,
      )
      t.same(reports, [{ kind: 'directory-failed', issuer: 'corp', reason: outcome }], `${name}: and why`)
    }
  })
} else t.test('OpenLDAP', { skip: missing }, async () => undefined)

const success = (number: number) => tlv(0x78, tlv(0x0a, Buffer.from([number])), tlv(0x04), tlv(0x04))
const message = (id: number, content: Buffer) => tlv(0x30, tlv(0x02, Buffer.from([id])), content)
const BIND_OK = tlv(0x61, tlv(0x0a, Buffer.from([0])), tlv(0x04), tlv(0x04))

const strips: readonly (readonly [string, LdapAnswer | null, string])[] = [
  ['refused', { code: 2 }, 'start_tls_refused'],
  ['not known', { code: 53 }, 'start_tls_refused'],
  ['an answer to something else', { raw: message(7, success(0)) }, 'start_tls_refused'],
  ['no answer to it', { raw: message(1, BIND_OK) }, 'start_tls_refused'],
  [
    'more behind the answer',
    { raw: Buffer.concat([message(1, success(0)), message(3, BIND_OK)]) },
    'start_tls_refused',
  ],
  ['the beginning of more', { raw: Buffer.concat([message(1, success(0)), Buffer.from([0x30])]) }, 'start_tls_refused'],
  ['no BER', { raw: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }, 'start_tls_refused'],
  ['agreed, and no TLS', { raw: message(1, success(0)) }, 'timeout'],
  ['silence', null, 'timeout'],
]

t.test('where StartTLS is refused, or stripped, nothing is sent', async (t) => {
  for (const [name, answer, reason] of strips) {
    const server = await startScriptedLdap((request: LdapRequest) => (request.kind === 'extended' ? answer : {}))
    const timeouts = { connectMs: 300, operationMs: 300, totalMs: 3000, idleMs: 1000 }
    const { why, reports } = openDirectories(t, ldapSettings(server.port, { startTls: true, timeouts }))
    t.equal(await why('alice', 'alice-pw'), 'directory_unavailable', name)
    t.match(reports, [{ kind: 'directory-failed', reason }], name)
    t.same(
      server.requests.filter(({ kind }) => kind === 'bind' || kind === 'search'),
      [],
      `${name}: no name and no password`,
    )
    await server.close()
  }
})
