import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { readCertificate } from '../../../src/model/certificate.ts'
import { noCertificates } from '../../support/certificates.ts'
import { ClientAuthority, type ClientIssue, FOR_CLIENTS } from '../../support/client-authority.ts'

const missing = noCertificates() ?? false
const san = (...names: readonly string[]): ClientIssue => ({
  extensions: [FOR_CLIENTS, `subjectAltName=${names.join(',')}`],
})
/** Of names as they are encoded: pairs of tag and content. */
const encoded = (...names: readonly (readonly [tag: number, content: string | Buffer])[]): ClientIssue => {
  const parts = names.map(([tag, content]) => {
    const bytes = Buffer.from(content as string, 'latin1')
    return Buffer.concat([Buffer.from([tag, bytes.length]), bytes])
  })
  const body = Buffer.concat(parts)
  const whole = Buffer.concat([Buffer.from([0x30, body.length]), body])
  return san(`DER:${(whole.toString('hex').match(/../g) ?? []).join(':')}`)
}
const [EMAIL, HOST, URI] = [0x81, 0x82, 0x86] as const

t.test('the names of certificates', { skip: missing }, async (t) => {
  const authority = new ClientAuthority()
  t.teardown(() => authority.close())
  const namesOf = (issue: ClientIssue) => {
    const { raw } = new X509Certificate(authority.issue(issue).cert)
    const { subject, san } = readCertificate(raw)?.names ?? {}
    return subject === undefined ? null : { subject, san }
  }
  const table: readonly (readonly [name: string, issue: ClientIssue, names: object | null])[] = [
    [
      'a subject',
      { subject: '/O=Bank/OU=a/OU=b/CN=alice/UID=7' },
      { O: ['Bank'], OU: ['a', 'b'], CN: ['alice'], UID: ['7'] },
    ],
    ['letters beyond ASCII', { subject: '/CN=Zoë' }, { CN: ['Zoë'] }],
    ['what looks like more', { subject: '/CN=a, OU=admins\\, "x"' }, { CN: ['a, OU=admins, "x"'] }],
    ['a SPIFFE id', san('URI:spiffe://td.example/ns/prod/sa/web'), { uri: ['spiffe://td.example/ns/prod/sa/web'] }],
    [
      'several names',
      san('email:a@b.example', 'DNS:a.example', 'DNS:b.example', 'URI:urn:x'),
      { email: ['a@b.example'], dns: ['a.example', 'b.example'], uri: ['urn:x'] },
    ],
    [
      'a user principal name',
      san('otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@corp.example'),
      { upn: ['alice@corp.example'] },
    ],
    [
      'another kind of name',
      san('otherName:1.2.3.4;UTF8:alice', 'IP:10.0.0.1', 'DNS:a.example'),
      { dns: ['a.example'] },
    ],
    ['a name that looks like several', encoded([HOST, 'a.example, DNS:b.example']), null],
    ['the same in quotes', encoded([HOST, 'a.example", DNS:"b.example']), null],
    ['the same in an address of the web', encoded([URI, 'https://a.example/?", DNS:b.example']), null],
    ['a NUL in a host', encoded([HOST, 'a.example\0.evil.example']), null],
    ['its twin without the NUL', encoded([HOST, 'a.example.evil.example']), { dns: ['a.example.evil.example'] }],
    ['a NUL in an address', encoded([EMAIL, 'a@b.example\0']), null],
    ['a line end in a URI', encoded([URI, 'urn:x\nurn:y']), null],
    ['a letter beyond ASCII', encoded([HOST, 'b\u00fccher.example']), null],
    ['an address as a host', encoded([HOST, 'alice@b.example']), null],
    ['a host as an address', encoded([EMAIL, 'b.example']), null],
    ['two at signs', encoded([EMAIL, 'alice@evil.example@b.example']), null],
    ['a URI without a scheme', encoded([URI, '//a.example']), null],
    ['an empty name', encoded([HOST, '']), null],
    ['a SPIFFE id beside another URI', san('URI:spiffe://td.example/a', 'URI:urn:x'), null],
    ['two SPIFFE ids', san('URI:spiffe://td.example/a', 'URI:spiffe://td.example/b'), null],
    [
      'a SPIFFE id beside a host',
      san('URI:spiffe://td.example/a', 'DNS:a.example'),
      { uri: ['spiffe://td.example/a'], dns: ['a.example'] },
    ],
    ['a SPIFFE id with a query', encoded([URI, 'spiffe://td.example/a?b']), null],
    ['a SPIFFE id with dots', encoded([URI, 'spiffe://td.example/a/../b']), null],
    ['a SPIFFE id in capitals', encoded([URI, 'SPIFFE://td.example/a']), null],
    ['a SPIFFE id with a port', encoded([URI, 'spiffe://td.example:443/a']), null],
    ['names that go on beyond their list', san('DER:30:03:82:05:61'), null],
    ['a long form of a short length', san('DER:30:81:03:82:01:61'), null],
    ['something behind the list', san('DER:30:03:82:01:61:00'), null],
  ]
  for (const [name, issue, names] of table) {
    const found = namesOf(issue)
    const part = issue.subject === undefined ? found?.san : found?.subject
    t.same(part ?? null, names, name)
  }
})

t.test('what a certificate is for', { skip: missing }, async (t) => {
  const authority = new ClientAuthority()
  t.teardown(() => authority.close())
  const factsOf = (extensions: readonly string[]) =>
    readCertificate(new X509Certificate(authority.issue({ extensions }).cert).raw)
  t.match(factsOf([FOR_CLIENTS]), { isForClients: true, isAuthority: false })
  t.match(factsOf(['extendedKeyUsage=serverAuth']), { isForClients: false })
  t.match(factsOf(['extendedKeyUsage=anyExtendedKeyUsage']), { isForClients: false })
  t.match(factsOf(['keyUsage=digitalSignature']), { isForClients: false }, 'it does not say')
  t.match(factsOf([FOR_CLIENTS, 'basicConstraints=CA:true']), { isAuthority: true })
  const own = new X509Certificate(authority.cert)
  const facts = readCertificate(own.raw)
  t.equal(facts?.issuer, facts?.subject)
  t.same([facts?.fromMs, facts?.untilMs], [own.validFromDate.getTime(), own.validToDate.getTime()])
  t.equal(facts?.serial.replace(/^00/, '').toUpperCase(), own.serialNumber)
})

t.test('no byte of a certificate may be missing, and none may be more', { skip: missing }, async (t) => {
  const authority = new ClientAuthority()
  t.teardown(() => authority.close())
  const { raw } = new X509Certificate(authority.issue(san('DNS:a.example')).cert)
  for (let length = 0; length < raw.length; length++) {
    if (readCertificate(raw.subarray(0, length)) !== null) t.fail(`${length} bytes`)
  }
  t.equal(readCertificate(Buffer.concat([raw, Buffer.from([0])])), null)
  t.ok(readCertificate(raw))
  let read = 0
  for (let at = 0; at < raw.length; at++) {
    const changed = Buffer.from(raw)
    changed[at] = (changed[at] ?? 0) ^ 0xff
    if (readCertificate(changed) !== null) read++
  }
  t.ok(read < raw.length, 'whatever is changed, it is read or it is not')
})
