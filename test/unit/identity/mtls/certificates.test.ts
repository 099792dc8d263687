import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { mtls } from '../../../../src/identity/methods/mtls.ts'
import type { MtlsSettings } from '../../../../src/model/identity-settings.ts'
import { readRevocationList } from '../../../../src/model/revocation-list.ts'
import { noCertificates, type Pair } from '../../../support/certificates.ts'
import { ClientAuthority, type ClientIssue, FOR_CLIENTS, shownCertificate } from '../../../support/client-authority.ts'
import { quietPorts } from '../forge.ts'

const missing = noCertificates() ?? false
const CLAIMS = {
  id: ['san'],
  name: ['subject', 'CN'],
  email: ['san', 'email'],
  groups: ['subject', 'OU'],
  workspace: null,
}
const san = (...names: readonly string[]): ClientIssue => ({
  subject: '/OU=analysts/OU=staff/CN=Alice',
  extensions: [FOR_CLIENTS, `subjectAltName=${names.join(',')}`],
})
const listOf = (pem: string) => {
  const read = readRevocationList(Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64'))
  if (read === null) throw new Error('no list')
  return read.list
}

function open(authority: ClientAuthority, more: Partial<MtlsSettings> = {}, clock = { now: Date.now() + 60_000 }) {
  const settings = { authorities: authority.cert, claims: CLAIMS, revocations: null, revocationsDigest: '', ...more }
  const [plan] = mtls.plans({ issuers: [], apiKeys: { enabled: false }, mtls: settings })
  if (plan === undefined) throw new Error('no plan')
  const method = plan.open(quietPorts(clock))
  const verify = (pair: Pair, authorities = authority.cert) =>
    method.verify({ kind: 'certificate', certificate: shownCertificate(pair, authorities) })
  const said = async (pair: Pair, authorities?: string) => {
    const one = await verify(pair, authorities)
    return one.outcome === 'verified' ? `verified ${one.principal.id}` : `${one.outcome} ${one.reason}`
  }
  return { clock, method, verify, said }
}

t.test('who a certificate names', { skip: missing }, async (t) => {
  const authority = new ClientAuthority()
  t.teardown(() => authority.close())
  const { verify } = open(authority)
  const pair = authority.issue(san('email:alice@example.org'))
  const verification = await verify(pair)
  const { fingerprint256, validToDate } = new X509Certificate(pair.cert)
  t.match(verification, {
    outcome: 'verified',
    cache: 'miss',
    principal: {
      id: 'alice@example.org',
      issuer: 'mtls',
      method: 'mtls',
      name: 'Alice',
      email: 'alice@example.org',
      groups: ['analysts', 'staff'],
      roles: [],
      workspaces: [],
      mfa: 'unknown',
      acr: undefined,
      authTime: undefined,
      key: null,
      tokenId: fingerprint256.replaceAll(':', '').toLowerCase(),
      expiresAt: validToDate.getTime() / 1000,
      claims: { subject: { CN: ['Alice'] }, san: { email: ['alice@example.org'] } },
    },
  })
})

t.test('which name is the id', { skip: missing }, async (t) => {
  const authority = new ClientAuthority()
  t.teardown(() => authority.close())
  const table: readonly (readonly [name: string, path: string, issue: ClientIssue, outcome: string])[] = [
    ['the only name', 'san', san('URI:spiffe://td.example/a'), 'verified spiffe://td.example/a'],
    ['the only name, a host', 'san', san('DNS:a.example'), 'verified a.example'],
    ['two names', 'san', san('DNS:a.example', 'email:a@b.example'), 'rejected malformed'],
    ['two of a kind', 'san', san('DNS:a.example', 'DNS:b.example'), 'rejected malformed'],
    ['no name: never the CN', 'san', { subject: '/CN=alice' }, 'rejected claim_missing'],
    ['a pattern', 'san', san('DNS:*.example'), 'rejected malformed'],
    [
      'a user principal name has to be asked for',
      'san',
      san('otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@b.example'),
      'rejected claim_missing',
    ],
    ['and is', 'san.upn', san('otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@b.example'), 'verified a@b.example'],
    ['one kind of several', 'san.dns', san('DNS:a.example', 'email:a@b.example'), 'verified a.example'],
    ['another kind than there is', 'san.uri', san('DNS:a.example'), 'rejected claim_missing'],
    ['the CN, where it is asked for', 'subject.CN', { subject: '/CN=alice' }, 'verified alice'],
    ['two of it', 'subject.CN', { subject: '/CN=alice/CN=admin' }, 'rejected malformed'],
    ['none of it', 'subject.CN', { subject: '/O=alice' }, 'rejected claim_missing'],
    ['another part of the subject', 'subject.UID', { subject: '/CN=x/UID=u17' }, 'verified u17'],
  ]
  for (const [name, path, issue, outcome] of table) {
    const { said } = open(authority, { claims: { ...CLAIMS, id: path.split('.') } })
    t.equal(await said(authority.issue(issue)), outcome, name)
  }
})

t.test('what a handshake does not say', { skip: missing }, async (t) => {
  const authority = new ClientAuthority()
  const other = new ClientAuthority('/O=Other/CN=Another Authority')
  const twin = new ClientAuthority()
  t.teardown(() => [authority, other, twin].map((one) => one.close()))
  const good = authority.issue(san('DNS:a.example'))
  const { said, clock } = open(authority)
  const at = (time: number, pair = good) => {
    clock.now = time
    return said(pair)
  }
  const { validFromDate, validToDate } = new X509Certificate(good.cert)
  t.equal(await said(good), 'verified a.example')
  t.equal(await at(validToDate.getTime() - 1), 'verified a.example')
  t.equal(await at(validToDate.getTime()), 'rejected expired', 'while the connection goes on')
  t.equal(await at(validFromDate.getTime() - 1), 'rejected not_yet_valid')
  clock.now = Date.now() + 60_000
  const of = (...extensions: string[]) =>
    authority.issue({ ...san('DNS:a.example'), extensions: ['subjectAltName=DNS:a.example', ...extensions] })
  t.equal(await said(of('extendedKeyUsage=serverAuth')), 'rejected wrong_type', 'for servers')
  t.equal(await said(of('extendedKeyUsage=serverAuth,clientAuth')), 'verified a.example', 'for both')
  t.equal(await said(of('keyUsage=digitalSignature')), 'rejected wrong_type', 'for nothing that it says')
  t.equal(await said(of(FOR_CLIENTS, 'basicConstraints=CA:true')), 'rejected wrong_type', 'an authority')

  t.equal(
    await said(good, other.cert),
    'verified a.example',
    'verified by other authorities, and signed by the present one',
  )
  t.equal(await said(other.issue(san('DNS:a.example')), other.cert), 'rejected unknown_authority', 'and not')
  t.equal(await said(twin.issue(san('DNS:a.example')), twin.cert), 'rejected unknown_authority', 'of the same name')
})

t.test('what is revoked', { skip: missing }, async (t) => {
  const authority = new ClientAuthority()
  t.teardown(() => authority.close())
  const [good, bad] = [authority.issue(san('DNS:good.example')), authority.issue(san('DNS:bad.example'))]
  authority.revoke(bad)
  const list = listOf(authority.revocations())
  const { said, clock } = open(authority, { revocations: [list] })
  t.equal(await said(good), 'verified good.example')
  t.equal(await said(bad), 'rejected revoked')
  clock.now = list.untilMs
  t.equal(await said(good), 'unavailable revocations_unavailable', 'the list is over')
  t.equal(await said(bad), 'rejected revoked', 'and what it said stays so')
  clock.now = list.fromMs - 300_001
  t.match(await said(good), /^(?:unavailable revocations_unavailable|rejected not_yet_valid)$/)

  const none = open(authority, { revocations: [] })
  t.equal(await none.said(good), 'rejected unknown_authority', 'an authority without a list')
  const between = authority.issue({
    subject: '/O=Example/CN=Intermediate',
    extensions: ['basicConstraints=critical,CA:true', 'keyUsage=keyCertSign'],
  })
  const behind = authority.issue({ ...san('DNS:behind.example'), by: between })
  t.equal(await open(authority).said(behind), 'verified behind.example', 'by another authority between')
  t.equal(
    await open(authority, { revocations: [list] }).said(behind),
    'rejected unknown_authority',
    'of which nobody knows what it revoked',
  )
})
