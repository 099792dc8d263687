import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../../src/config/load.ts'
import { Authority, noCertificates } from '../../support/certificates.ts'
import { ClientAuthority } from '../../support/client-authority.ts'

const missing = noCertificates() ?? false

interface Written {
  readonly tls?: string
  readonly mtls?: string
  readonly clientCa?: string
  readonly list?: string
}

const opened = (t: Test) => {
  const server = new Authority()
  const clients = new ClientAuthority()
  t.teardown(() => [server, clients].map((one) => one.close()))
  const pair = server.issue()
  const load = async (
    { tls = ', client_ca: { file: ca.crt }', mtls = '{}', clientCa, list }: Written = {},
    secrets = true,
  ) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const files = {
      'tls.crt': pair.cert,
      'tls.key': pair.key,
      'ca.crt': clientCa ?? clients.cert,
      'list.pem': list ?? clients.revocations(),
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const text = `version: 1
listen:
  proxy: 127.0.0.1:8080
  tls: { cert: { file: tls.crt }, key: { file: tls.key }${tls} }
identity: { mtls: ${mtls} }
upstreams: [{ name: main, url: https://api.openai.com/v1, models: ["gpt-*"] }]
policies: [policy.yaml]
`
    writeFileSync(join(folder, 'config.yaml'), text)
    writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
    const loaded = await loadConfig(join(folder, 'config.yaml'), { env: {}, secrets })
    return { ...loaded, said: loaded.problems.map(({ line, code }) => `${line} ${code}`).join() }
  }
  return { server, clients, load }
}

t.test('a short entry has every default', { skip: missing }, async (t) => {
  const { clients, load } = opened(t)
  const { settings, said, names } = await load()
  t.equal(said, '')
  t.equal(settings?.listen.tls?.clientCa, clients.cert)
  t.same(settings?.mtls, {
    authorities: clients.cert,
    claims: {
      id: ['san'],
      name: ['subject', 'CN'],
      email: ['san', 'email'],
      groups: ['subject', 'OU'],
      workspace: null,
    },
    revocations: null,
    revocationsDigest: '',
  })
  t.same(names.issuers, ['mtls'], 'policies may name it')
  const all = '{ claims: { id: subject.CN, groups: subject.OU, workspace: subject.O }, crl: { file: list.pem } }'
  const { settings: more } = await load({ mtls: all })
  t.match(more?.mtls?.claims, { id: ['subject', 'CN'], workspace: ['subject', 'O'] })
  t.equal(more?.mtls?.revocations?.length, 1)
  t.same((await load({ mtls: all }, false)).said, '', 'without secrets')
})

t.test('what is refused', { skip: missing }, async (t) => {
  const { server, clients, load } = opened(t)
  const between = clients.issue({ subject: '/CN=Between', extensions: ['basicConstraints=critical,CA:true'] })
  const other = new ClientAuthority()
  t.teardown(() => other.close())
  const before = clients.revocations()
  clients.revoke(between)
  const after = clients.revocations()
  const mtls = '{ crl: { file: list.pem } }'
  const swapped = after.replace(/^(.{64})\n(.)(.)/m, (_, line, a, b) => `${line}\n${b}${a}`)
  const table: readonly (readonly [name: string, written: Written, said: string])[] = [
    ['a list', { mtls }, ''],
    ['no authorities', { tls: '' }, '5 client_ca_missing'],
    ['authorities that are not there', { tls: ', client_ca: { file: no.crt }' }, '4 file_unreadable'],
    ['authorities that are none', { clientCa: 'nothing' }, '4 invalid_certificates'],
    [
      'one that cannot be read among them',
      { clientCa: `${clients.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` },
      '4 invalid_certificates',
    ],
    ['one that is no authority', { clientCa: server.issue().cert }, '4 no_authority'],
    ['a list that is not there', { mtls: '{ crl: { file: no.pem } }' }, '5 file_unreadable'],
    ['a list that is none', { mtls, list: 'nothing' }, '5 invalid_revocations'],
    ['a list that is over', { mtls, list: clients.revocations(-1) }, '5 revocations_expired'],
    ['a list of another authority', { mtls, list: other.revocations() }, '5 foreign_revocations,5 revocations_missing'],
    ['a list beside that of another', { mtls, list: `${before}${other.revocations()}` }, '5 foreign_revocations'],
    ['two lists of one', { mtls, list: `${before}${after}` }, '5 duplicate'],
    ['an authority without a list', { mtls, clientCa: `${clients.cert}${server.cert}` }, '5 revocations_missing'],
    [
      'an authority that was revoked',
      { mtls, list: after, clientCa: `${clients.cert}${between.cert}` },
      '5 revocations_missing,5 authority_revoked',
    ],
    ['a name that is none', { mtls: '{ claims: { id: subject.XY } }' }, '5 wrong_value'],
    ['a name without its part', { mtls: '{ claims: { id: CN } }' }, '5 wrong_value'],
    ['groups by whatever name there is', { mtls: '{ claims: { groups: san } }' }, '5 wrong_value'],
    ['an unknown key', { mtls: '{ ca: x }' }, '5 unknown_key'],
  ]
  for (const [name, written, said] of table) t.same([name, (await load(written)).said], [name, said])
  t.not(swapped, after)
  t.not((await load({ mtls, list: swapped })).said, '', 'a list that was changed')
  t.not(
    (await load({ mtls, list: before })).digest,
    (await load({ mtls, list: after })).digest,
    'another list is another config',
  )
})

t.test('the origins of the proxy', { skip: missing }, async (t) => {
  const { load } = opened(t)
  const origins = (list: string) => load({ mtls: `{}, dpop: { origins: ${list} }` })
  const { settings, said } = await origins('["https://llm.example.org", "http://127.0.0.1:8080"]')
  t.equal(said, '')
  t.same(settings?.dpop, { origins: ['https://llm.example.org', 'http://127.0.0.1:8080'] })
  t.same((await load()).settings?.dpop, undefined)
  const wrong = [
    'https://llm.example.org/',
    'https://LLM.example.org',
    'https://llm.example.org:443',
    'llm.example.org',
    'ws://a',
  ]
  for (const origin of wrong) t.equal((await origins(`["${origin}"]`)).said, '5 invalid_url', origin)
  t.equal((await origins('[]')).said, '5 empty_list')
})
