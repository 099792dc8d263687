import t from 'tap'
import { postgresServer } from '../../../src/config/store.ts'

const SOUND = 'postgres://owner@db.example/store'
const CANARY = 'hunter2canary'
const PLAIN = { password: null, tls: null, port: 5432, user: 'owner', database: 'store' }

const read: readonly (readonly [name: string, url: string, expected: object])[] = [
  ['beyond loopback the server is verified', SOUND, { ...PLAIN, host: 'db.example', tls: { ca: null } }],
  ['on loopback it is plain', 'postgres://owner@localhost:99/store', { ...PLAIN, host: 'localhost', port: 99 }],
  ['an address of loopback', 'postgresql://owner@[::1]/store', { ...PLAIN, host: '::1' }],
  [
    'and verified where that is asked for',
    'postgres://owner@127.0.0.1/store?sslmode=verify-full',
    { tls: { ca: null } },
  ],
  ['a name that looks like an address of loopback', 'postgres://owner@127.0.0.1.example/store', { tls: { ca: null } }],
  ['a name that looks like one of loopback', 'postgres://owner@localhost.example/store', { tls: { ca: null } }],
  ['a socket', 'postgres://owner@localhost/store?host=/run/postgresql', { ...PLAIN, host: '/run/postgresql' }],
  ['an authority of its own', `${SOUND}?sslrootcert=../ca.pem`, { tls: { ca: '/srv/ca.pem' } }],
  ['plain where that is wanted', `${SOUND}?sslmode=disable&allow_insecure=true`, { tls: null }],
  ['an escaped name', 'postgres://o%40w@localhost/s%20t', { user: 'o@w', database: 's t' }],
]
for (const [name, url, expected] of read) {
  t.test(name, async (t) => t.match(postgresServer(url, '/srv/config'), { ok: true, value: expected }))
}

t.test('a password is a secret', async (t) => {
  const server = postgresServer(`postgres://owner:${CANARY}%2F@localhost/store`, '/')
  t.equal(server.ok && server.value.password?.reveal(), `${CANARY}/`)
  t.notMatch(JSON.stringify(server), CANARY)
})

const refused: readonly (readonly [name: string, url: string, code: string])[] = [
  ['plain beyond loopback', `${SOUND}?sslmode=disable`, 'insecure_url'],
  ['plain where it only looks near', 'postgres://owner@127.0.0.1.example/store?sslmode=disable', 'insecure_url'],
  ...['require', 'prefer', 'allow', 'verify-ca', 'no-verify', ''].map(
    (mode) => [`a mode that verifies nobody: \`${mode}\``, `${SOUND}?sslmode=${mode}`, 'invalid_store'] as const,
  ),
  ['a parameter that nobody reads', `${SOUND}?options=-c%20x`, 'invalid_store'],
  ['a parameter twice', `${SOUND}?sslmode=verify-full&sslmode=disable`, 'invalid_store'],
  ['`allow_insecure` that is not true', `${SOUND}?sslmode=disable&allow_insecure=1`, 'invalid_store'],
  ['no user', 'postgres://db.example/store', 'invalid_store'],
  ['no database', 'postgres://owner@db.example/', 'invalid_store'],
  ['no host', 'postgres:///store', 'invalid_store'],
  ['several hosts', 'postgres://owner@a,b/store', 'invalid_store'],
  ['half an address', 'postgres://owner@10.0/store', 'invalid_store'],
  ['a broken escape', `postgres://owner:${CANARY}%@localhost/store`, 'invalid_store'],
  ['a fragment', `${SOUND}#x`, 'invalid_store'],
  ['another kind of server', `mysql://owner:${CANARY}@localhost/store`, 'invalid_store'],
]
for (const [name, url, code] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    const server = postgresServer(url, '/')
    t.equal(server.ok ? null : server.fault.code, code)
    t.notMatch(JSON.stringify(server), CANARY, 'and nothing of it is repeated')
  })
}
