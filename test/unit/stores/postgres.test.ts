import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { postgresServer } from '../../../src/config/store.ts'
import type { PostgresServer } from '../../../src/model/settings.ts'
import { MIGRATIONS, NEWEST } from '../../../src/stores/migrations.ts'
import { openPostgresStore, type PostgresStore } from '../../../src/stores/postgres-store.ts'
import { runCli, writeFiles } from '../../support/cli.ts'
import { OWNER_PASSWORD, POSTGRES_LEFT_OUT, type PostgresCluster, startPostgres } from '../../support/postgres.ts'
import { key, NOW } from './store-scene.ts'

if (POSTGRES_LEFT_OUT !== null) t.plan(0, POSTGRES_LEFT_OUT)
else await main(await startPostgres(t))

function server(url: string): PostgresServer {
  const read = postgresServer(url, '/')
  if (!read.ok) throw new Error(read.fault.message)
  return read.value
}

function open(t: Test, at: PostgresServer): PostgresStore {
  const store = openPostgresStore(at)
  if (!store.ok) throw new Error(store.fault)
  t.teardown(() => store.value.close())
  return store.value
}

/** `sallyport store …` on a database. */
async function storeCommand(t: Test, url: string, ...argv: readonly string[]) {
  const cwd = mkdtempSync(join(tmpdir(), 'sallyport-store-'))
  t.teardown(() => rmSync(cwd, { recursive: true, force: true }))
  const config = `version: 1
listen: { proxy: 127.0.0.1:8080 }
identity: { api_keys: { enabled: true } }
upstreams: [{ name: up, url: https://api.example/v1, models: ["*"] }]
policies: [../policies]
store: { env: STORE_URL }
`
  writeFiles(cwd, { 'config/sallyport.yaml': config, 'policies/p.yaml': 'version: 1\n' })
  return runCli(argv, cwd, { env: { STORE_URL: url } })
}

async function main(cluster: PostgresCluster) {
  await t.test('who cannot be mended by waiting says what to mend, and no password', (t) => refusals(t, cluster))
  await t.test('a user that may only read and write uses tables that another has made', (t) => roles(t, cluster))
  await t.test('the commands work on a server', (t) => commands(t, cluster))
  await t.test('the tables are those of SQLite', (t) => sameTables(t, cluster))
  await t.test('of many that start at once one makes the tables', (t) => race(t, cluster))
  await t.test('a server that hangs is given up, and used again when it goes on', (t) => hanging(t, cluster))
  await t.test('a server that stops is told of, and used again when it is back', (t) => stopping(t, cluster))
  await t.test('connections are verified', (t) => encrypted(t))
}

async function refusals(t: Test, cluster: PostgresCluster) {
  const sound = await cluster.database()
  const rows: readonly (readonly [name: string, url: string, isPassing: boolean, says: RegExp])[] = [
    ['a wrong password', cluster.as(sound, 'owner', 'hunter2'), false, /refuses the user or its password/],
    ['an unknown user', cluster.as(sound, 'eve', 'hunter2'), false, /refuses the user or its password/],
    ['no database', sound.replace(/store_\d+$/, 'nothing'), false, /has no database of this name/],
    ['no server', sound.replace(`:${cluster.port}/`, ':1/'), true, /cannot be reached \(ECONNREFUSED\)/],
    ['no TLS', `${sound}?sslmode=verify-full`, false, /speaks no TLS/],
    ['another encoding', await cluster.database("ENCODING 'LATIN1' TEMPLATE template0"), false, /the encoding UTF8/],
  ]
  for (const [name, url, isPassing, says] of rows) {
    const failure = await open(t, server(url)).begin()
    t.match(failure, { isPassing, message: says }, name)
    t.notMatch(failure?.message, /hunter2|p@ss/, 'no password')
  }
  await open(t, server(sound)).begin()
  await cluster.sql(sound, 'INSERT INTO schema_versions VALUES (99, 0)')
  const newer = { isPassing: false, message: /has version 99 and this Sallyport knows \d+ at most: use/ }
  t.match(await open(t, server(sound)).begin(), newer, 'a newer version')
  await cluster.sql(sound, 'DELETE FROM schema_versions WHERE version = 99')
  t.equal(await open(t, server(sound)).begin(), null, 'the twin')
}

async function roles(t: Test, cluster: PostgresCluster) {
  const url = await cluster.database()
  await cluster.sql(url, "CREATE ROLE proxy LOGIN PASSWORD 'p'; CREATE ROLE poor LOGIN PASSWORD 'p'")
  const proxy = cluster.as(url, 'proxy', 'p')
  const message = /does not let this user change its tables: run `sallyport store migrate` as their owner/
  t.match(await open(t, server(proxy)).begin(), { isPassing: false, message }, 'before')
  t.equal((await storeCommand(t, url, 'store', 'migrate')).code, 0)
  await cluster.sql(url, 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO proxy')
  const store = open(t, server(proxy))
  t.equal(await store.begin(), null)
  await store.create(key('k1'), { user: 'root', host: 'h' })
  t.equal((await store.outbox.claim(NOW))?.key, 'k1')
  t.equal((await storeCommand(t, proxy, 'store', 'check')).code, 0)
  const poor = await storeCommand(t, cluster.as(url, 'poor', 'p'), 'store', 'check')
  t.match(poor, { code: 2, err: /does not let this user do that: see "Roles and grants"/ })
}

async function commands(t: Test, cluster: PostgresCluster) {
  const url = await cluster.database()
  t.match(await storeCommand(t, url, 'store', 'check', '--json'), { code: 1, out: /"version": 0/ })
  const migrated = await storeCommand(t, url, 'store', 'migrate', '--json')
  t.same(JSON.parse(migrated.out), { kind: 'postgres', from: 0, to: NEWEST })
  t.match(await storeCommand(t, url, 'store', 'check'), {
    code: 0,
    err: 'warning: its connections are not encrypted\n',
  })
  const backup = await storeCommand(t, url, 'store', 'backup', 'copy')
  t.match(backup, {
    code: 2,
    err: /pg_dump --format=custom --file=FILE --host=127\.0\.0\.1 --port=\d+ --username=owner/,
  })
  t.notMatch(backup.err, OWNER_PASSWORD)
  const created = await storeCommand(t, url, 'keys', 'create', '--owner', 'ci', '--json')
  t.equal(created.code, 0, created.err)
  t.match(await storeCommand(t, url, 'keys', 'list'), { out: JSON.parse(created.out).id })
  await cluster.sql(url, 'DROP TABLE revocations')
  t.match(await storeCommand(t, url, 'store', 'check'), { code: 1, err: /the table `revocations` is not there/ })
}

async function sameTables(t: Test, cluster: PostgresCluster) {
  const url = await cluster.database()
  await open(t, server(url)).begin()
  const found = await cluster.sql(
    url,
    `SELECT table_name || '.' || column_name || ' ' || is_nullable AS name, data_type AS type, collation_name AS sorts
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_versions'`,
  )
  const { default: Database } = await import('better-sqlite3')
  const raw = new Database(':memory:')
  for (const step of MIGRATIONS) raw.exec(step)
  const columns = raw
    .prepare<[], { name: string; type: string }>(
      `SELECT m.name || '.' || c.name || CASE WHEN c."notnull" OR c.pk THEN ' NO' ELSE ' YES' END AS name, c.type
       FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'`,
    )
    .all()
  const types: { readonly [name: string]: string } = { TEXT: 'text', INTEGER: 'bigint' }
  const sorted = (lines: readonly string[]) => [...lines].sort()
  t.same(
    sorted(found.map(({ name, type }) => `${name} ${type}`)),
    sorted(columns.map(({ name, type }) => `${name} ${types[type]}`)),
  )
  t.same(new Set(found.filter(({ type }) => type === 'text').map(({ sorts }) => sorts)), new Set(['C']))
  raw.close()
}

async function race(t: Test, cluster: PostgresCluster) {
  const url = await cluster.database()
  const stores = Array.from({ length: 6 }, () => open(t, server(url)))
  t.same(await Promise.all(stores.map((store) => store.begin())), [null, null, null, null, null, null])
  const steps = await cluster.sql(url, 'SELECT count(*)::int AS steps FROM schema_versions')
  t.same(steps, [{ steps: NEWEST }])
}

/** Whether a reading comes about; it must end one way or the other. */
async function reads(store: PostgresStore): Promise<boolean> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('it never ended')), 20_000)
  try {
    return await Promise.race([store.find('k1').then(() => true), late.promise])
  } catch (cause) {
    if (cause instanceof Error && cause.message === 'it never ended') throw cause
    return false
  } finally {
    clearTimeout(timer)
  }
}

async function untilItReads(store: PostgresStore): Promise<void> {
  for (let tries = 0; tries < 200 && !(await reads(store)); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function hanging(t: Test, cluster: PostgresCluster) {
  const store = open(t, server(await cluster.database()))
  await store.begin()
  await store.create(key('k1'))
  cluster.hang()
  // More than there are connections: those that wait for one end, too.
  const all = await Promise.all(Array.from({ length: 30 }, () => reads(store)))
  t.notOk(all.includes(true))
  const began = performance.now()
  t.equal(await reads(store), false)
  t.ok(performance.now() - began < 500, 'while it rests nobody waits for it')
  cluster.resume()
  await untilItReads(store)
  t.equal((await store.find('k1'))?.id, 'k1')
}

async function stopping(t: Test, cluster: PostgresCluster) {
  const url = await cluster.database()
  const store = open(t, server(url))
  await store.begin()
  await store.create(key('k1'))
  await cluster.stop()
  t.equal(await reads(store), false)
  const late = open(t, server(url))
  t.match(await late.begin(), { isPassing: true })
  await cluster.start()
  for (const one of [store, late]) {
    await untilItReads(one)
    t.equal((await one.find('k1'))?.id, 'k1')
  }
}

async function encrypted(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [cert, secret] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', [...make, ...names, '-keyout', secret, '-out', cert], { stdio: 'pipe' })
  const cluster = await startPostgres(t, [], { cert: readFileSync(cert), key: readFileSync(secret) })
  const url = (await cluster.database()).replace('127.0.0.1', 'localhost')
  const verified = `${url}?sslmode=verify-full`
  t.match(await open(t, server(verified)).begin(), {
    isPassing: false,
    message: /a certificate that cannot be trusted/,
  })
  const trusted = `${verified}&sslrootcert=${cert}`
  const other = trusted.replace('localhost', '127.0.0.1')
  t.match(await open(t, server(other)).begin(), { message: /ERR_TLS_CERT_ALTNAME_INVALID/ }, 'another name')
  t.equal(await open(t, server(trusted)).begin(), null, 'the twin')
  t.match(await storeCommand(t, trusted, 'store', 'check'), { code: 0, err: '' })
}
