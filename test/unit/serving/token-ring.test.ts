import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Secret } from '../../../src/model/secret.ts'
import type { TokenSettings } from '../../../src/model/settings.ts'
import { SignIn } from '../../../src/serving/sign-in-ports.ts'
import { ServingStore } from '../../../src/serving/store.ts'
import { newTokenKey, SIGNS_AFTER_MS, tokenRing } from '../../../src/serving/token-ring.ts'
import { newPem, signedIn } from '../identity/tokens/scene.ts'
import { folder, NOW, open } from '../stores/store-scene.ts'

const MINUTE_MS = 60_000

function scene(t: Test) {
  const file = join(folder(t), 'keys.db')
  const time = { now: NOW, elapsed: 0 }
  const ring = (store = open(t, file)) =>
    tokenRing(
      store.tokenKeys,
      () => time.now,
      () => time.elapsed,
    )
  return { file, time, ring, store: open(t, file) }
}

const signs = (ring: ReturnType<typeof tokenRing>) => ring.current()?.signing.kid ?? null

t.test('the first key of a store is made once, by whichever process', async (t) => {
  const { ring, store } = scene(t)
  const [one, other] = [ring(), ring()]
  t.equal(one.current(), null, 'there is none before the store was read')
  void one.refresh()
  void other.refresh()
  const [key] = store.tokenKeys.usable()
  t.same([signs(one), signs(other)], [key?.kid, key?.kid])
  t.equal(store.tokenKeys.usable().length, 1)
})

t.test('a new key verifies when it is known, and signs when everybody knows it', async (t) => {
  const { ring, store, time } = scene(t)
  const read = ring()
  void read.refresh()
  const first = signs(read)
  const next = newTokenKey(time.now, time.now + SIGNS_AFTER_MS)
  store.tokenKeys.add(next)
  void read.refresh()
  t.equal(signs(read), first)
  t.ok(read.current()?.byKid.has(next.kid), 'it verifies')
  time.now += SIGNS_AFTER_MS
  void read.refresh()
  t.equal(signs(read), next.kid)
  t.equal(store.tokenKeys.retire(first ?? '', time.now), 'retired')
  void read.refresh()
  t.same([...(read.current()?.byKid.keys() ?? [])], [next.kid])
})

t.test('keys that could not be read again for a minute are not used any more', async (t) => {
  const { ring, time } = scene(t)
  const read = ring()
  void read.refresh()
  time.elapsed += MINUTE_MS
  t.not(read.current(), null)
  time.elapsed += 1
  t.equal(read.current(), null)
  void read.refresh()
  t.not(read.current(), null)
})

const damages = [
  ['another text', "UPDATE token_keys SET secret = 'c2VjcmV0'", /one of them is damaged/],
  ['another name', "UPDATE token_keys SET kid = 'other'", /one of them is damaged/],
  ['none left', 'UPDATE token_keys SET retired_at = 1', /the store has none/],
] as const

t.test('a damaged store is told of in words that hold nothing of it', async (t) => {
  for (const [name, sql, message] of damages) {
    const { file, ring } = scene(t)
    void ring().refresh()
    const raw = new Database(file)
    raw.exec(sql)
    raw.close()
    t.throws(() => ring().refresh(), message, name)
  }
})

const tokens = (more: Partial<TokenSettings> = {}): { readonly tokens: TokenSettings } => ({
  tokens: { issuer: 'https://llm.example', lifetimeMs: MINUTE_MS, keys: { kind: 'store' }, ...more },
})
const listen = { proxy: { host: '127.0.0.1', port: 0 }, tls: null }

function serving(t: Test) {
  const file = join(folder(t), 'keys.db')
  const said: string[] = []
  const tell = (message: string) => said.push(message)
  const store = new ServingStore(
    () => NOW,
    () => 0,
    { info: tell, error: tell },
  )
  t.teardown(() => store.close())
  const settings = { apiKeys: { enabled: false }, upstreams: [], store: { kind: 'sqlite', file } } as const
  return {
    store,
    settings,
    signIn: new SignIn(
      store,
      () => NOW,
      () => 0,
    ),
    said,
  }
}

t.test('the store is opened for whoever signs in, and makes keys where no file has them', async (t) => {
  const files = { kind: 'files', files: [{ file: '/key.pem', pem: newPem() }] } as const
  const table = [
    ['nobody signs in', { tokens: null }, false, false],
    ['keys in the store', tokens(), true, true],
    ['keys in files', tokens({ keys: files }), true, false],
  ] as const
  for (const [name, asked, isOpen, hasKeys] of table) {
    const { store, settings } = serving(t)
    t.equal(store.open({ ...settings, ...asked }), null, name)
    t.same([store.keys !== null, store.tokenKeys() !== null], [isOpen, hasKeys], name)
  }
})

t.test('ports outlive a reload, and say what is in force', async (t) => {
  const { store, settings, signIn } = serving(t)
  t.equal(signIn.ports, null, 'nothing is in force yet')
  store.open({ ...settings, ...tokens() })
  signIn.take(tokens())
  const { ports } = signIn
  if (ports === null) return t.fail('no ports')
  const inStore = store.tokenKeys()?.signing.kid
  const kidOf = async () => {
    const set = await ports.issuer.keySet()
    return set.ok ? (JSON.parse(set.value) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid) : set.fault
  }
  t.same(await kidOf(), [inStore])
  const pem = newPem()
  signIn.take(tokens({ issuer: 'https://other.example', keys: { kind: 'files', files: [{ file: '/key.pem', pem }] } }))
  t.equal(signIn.ports, ports)
  t.equal(ports.issuer.url, 'https://other.example')
  t.not((await kidOf())[0], inStore)
  signIn.take({ tokens: null })
  t.equal(signIn.ports, null)
  t.match(await ports.issuer.issue(signedIn()), { ok: false, fault: 'unavailable' })
})

t.test('without a name it is called by where it listens', async (t) => {
  const table = [
    ['a picked port', listen, 'http://127.0.0.1:4711'],
    ['IPv6', { ...listen, proxy: { host: '::1', port: 0 } }, 'http://[::1]:4711'],
    [
      'TLS',
      { ...listen, tls: { cert: '', key: new Secret(''), minVersion: 'TLSv1.3' } as const },
      'https://127.0.0.1:4711',
    ],
  ] as const
  for (const [name, where, want] of table) {
    const { signIn } = serving(t)
    signIn.take(tokens({ issuer: null }))
    signIn.listens(where, 4711)
    t.equal(signIn.ports?.issuer.url, want, name)
  }
})
