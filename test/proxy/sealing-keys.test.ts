import { join } from 'node:path'
import OpenAI from 'openai'
import t from 'tap'
import { mintSealingKey } from '../../src/serving/sealing-ring.ts'
import { openKeyStore } from '../../src/stores/keys.ts'
import { startObjectServer } from '../support/object-server.ts'
import { endInOrder, startWorld } from '../support/world.ts'

const POLICY = {
  version: 1,
  roles: { everybody: { members: [{ issuer: 'corp' }] } },
  rules: [{ id: 'all', effect: 'allow', roles: ['everybody'] }],
}

/** The proxy reads the keys again every 10 s. */
const TRIES = 120

t.test('a retired key opens nothing any more, and what the new one seals opens', async (t) => {
  const account = await startObjectServer()
  t.teardown(() => account.close())
  // API keys are off: the store is there for the sealing keys alone.
  const world = await startWorld(t, { policy: POLICY, upstream: account.url, identity: {} })
  const { proxy } = world
  const client = new OpenAI({ baseURL: proxy.baseUrl, apiKey: await world.token(), maxRetries: 0 })
  const before = await client.conversations.create({})
  const [first] = JSON.parse((await proxy.command('objects', 'list-keys', '--json')).stdout)
  t.equal(before.id.slice(-28, -22), first.id, 'an id names the key that sealed it')
  const rotated = JSON.parse((await proxy.command('objects', 'rotate-key', '--json')).stdout)
  t.equal((await client.conversations.retrieve(before.id)).id, before.id, 'the old key opens still')
  const figures = (await proxy.admin('/metrics')).body
  t.match(figures, /^sallyport_sealing_keys_usable 1$/m)
  const age = Number(/^sallyport_sealing_keys_age_seconds (\S+)$/m.exec(figures)?.[1])
  t.ok(age >= 0, `keys of ${age} s`)
  const created = await proxy.audit.action('sealing-key-created')
  t.equal(created.get('sallyport.sealing_key.id'), rotated.id)
  t.equal((await proxy.command('objects', 'retire-key', first.id)).code, 2, 'nothing that all know would seal')
  // A key whose minute is over.
  const now = Date.now()
  const next = mintSealingKey(now, now)
  const store = openKeyStore(join(proxy.folder, 'data/sallyport.db'))
  if (!store.ok) throw new Error(store.fault)
  store.value.sealing.add(next)
  store.value.close()
  t.equal((await proxy.command('objects', 'retire-key', first.id)).code, 0)
  const retired = await proxy.audit.action('sealing-key-retired')
  t.equal(retired.get('sallyport.sealing_key.id'), first.id)

  let kid = first.id
  let after = before
  for (let tries = 0; tries < TRIES && kid === first.id; tries++) {
    after = await client.conversations.create({})
    kid = after.id.slice(-28, -22)
    if (kid === first.id) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.equal(kid, next.kid, 'the new key seals')
  await t.rejects(client.conversations.retrieve(before.id), { status: 404, code: 'object_not_found' })
  t.equal((await client.conversations.retrieve(after.id)).id, after.id, 'the twin')
  await endInOrder(t, world)
})
