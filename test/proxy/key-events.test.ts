import { renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openKeyStore } from '../../src/stores/keys.ts'
import { polled } from '../support/proxy.ts'
import { requestBytes } from '../support/raw-client.ts'
import { allows, CHAT, chatBody, chatBytes, endInOrder, refuses, startWorld, type World } from '../support/world.ts'

interface Made {
  readonly id: string
  readonly key: string
  readonly expires: string | null
}

async function keys(world: World, ...argv: string[]): Promise<Made> {
  const { code, stdout, stderr } = await world.proxy.command('keys', ...argv, '--json')
  if (code !== 0) throw new Error(stderr)
  const made = JSON.parse(stdout) as Made
  if (made.key !== undefined) for (const part of [made.key, made.key.slice(29, 69)]) world.secrets.add(part)
  return made
}

const chat = (key: string) =>
  requestBytes(CHAT, ['Host: x', 'Content-Type: application/json', `X-Api-Key: ${key}`], chatBody())

t.test('what the keys command does stands in the audit of the running proxy', async (t) => {
  const world = await startWorld(t)
  const { audit } = world.proxy
  const grant = ['--owner', 'ci', '--role', 'r', '--group', 'analysts', '--expires', '30d']
  const first = await keys(world, 'create', ...grant)
  const created = await audit.action('key-created')
  t.equal(created.get('message'), `key ${first.id} of ci created`)
  t.match(created.get('sallyport.key'), {
    id: first.id,
    owner: 'ci',
    roles: ['r'],
    groups: ['analysts'],
    expires: first.expires,
    by: { host: /./ },
  })
  t.match(created.get('event'), { category: ['iam'], type: ['creation'], outcome: 'success', kind: 'event' })
  t.equal(created.get('user'), undefined, 'it is nobody whom the proxy has verified')
  const next = await keys(world, 'rotate', first.id)
  await keys(world, 'revoke', next.id)
  const rotated = await audit.action('key-rotated')
  t.match(rotated.get('sallyport.key'), { id: next.id, owner: 'ci', replaces: first.id })
  const revoked = await audit.action('key-revoked')
  t.match(revoked.get('sallyport.key'), { id: next.id, owner: 'ci' })
  const file = join(world.proxy.folder, 'data/sallyport.db')
  const store = openKeyStore(file)
  if (!store.ok) return t.fail(store.fault)
  t.teardown(() => store.value.close())
  for (const id of [first.id, next.id]) {
    const { hash = '', tag = '' } = store.value.find(id) ?? {}
    t.ok(hash !== '' && tag !== '')
    for (const secret of [hash, tag]) t.notOk(audit.text.includes(secret), 'neither hash nor tag')
  }
  await endInOrder(t, world)
  for (const action of ['key-created', 'key-rotated', 'key-revoked']) {
    t.equal(audit.withAction(action).length, 1, `${action} once`)
  }
})

t.test('once the store was replaced under the proxy nobody can tell who has a key, until a restart', async (t) => {
  const world = await startWorld(t)
  const grant = ['--owner', 'ci', '--group', 'analysts']
  const [used, unused] = [await keys(world, 'create', ...grant), await keys(world, 'create', ...grant)]
  await allows(t, world, 'a key of the store in use', chat(used.key))
  const file = join(world.proxy.folder, 'data/sallyport.db')
  const other = openKeyStore(`${file}.new`)
  if (!other.ok) return t.fail(other.fault)
  other.value.close()
  renameSync(`${file}.new`, file)
  await polled(async () => /has been replaced: restart/.test(world.proxy.stderr), 'a diagnostic')
  const unknown = {
    status: 503,
    code: 'identity_unavailable',
    action: 'authentication-failed',
    reason: 'store_unavailable',
  }
  await refuses(t, world, 'a key whose record was not read before', chat(unused.key), unknown)
  await refuses(t, world, 'a token of the issuer, which may have been revoked', chatBytes(await world.token()), unknown)
  await endInOrder(t, world)
  t.equal(world.proxy.stderr.split('has been replaced').length, 2, 'it is said once')
})
