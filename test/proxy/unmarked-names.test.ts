import OpenAI, { APIError, toFile } from 'openai'
import t from 'tap'
import { startObjectServer } from '../support/object-server.ts'
import { ALICE, BOB, endInOrder, startWorld } from '../support/world.ts'

const POLICY = {
  version: 1,
  roles: { everybody: { members: [{ issuer: 'corp' }] } },
  workspaces: { red: { members: [{ user: ALICE }] }, blue: { members: [{ user: BOB }] } },
  rules: [{ id: 'all', effect: 'allow', roles: ['everybody'] }],
}

t.test('an upstream on which names are not marked', async (t) => {
  const account = await startObjectServer()
  t.teardown(() => account.close())
  const upstream = { name: 'mock', url: account.url, models: ['*'], mark_names: false }
  const world = await startWorld(t, { policy: POLICY, upstreams: [upstream] })
  const client = async (person: string) =>
    new OpenAI({ baseURL: world.proxy.baseUrl, apiKey: await world.token(person), maxRetries: 0 })
  const [red, blue] = [await client(ALICE), await client(BOB)]
  const past = new OpenAI({ baseURL: account.url, apiKey: 'x' })
  const refusal = (asked: Promise<unknown>) =>
    asked.then(
      () => null,
      (error: unknown) => (error instanceof APIError ? [error.status, error.code, error.param] : error),
    )

  const long = 'x'.repeat(240)
  const file = await red.files.create({ file: await toFile(Buffer.from('x'), long), purpose: 'user_data' })
  const container = await red.containers.create({ name: long })
  t.same([file.filename, container.name], [long, long])
  const { data: files } = await past.files.list()
  const { data: containers } = await past.containers.list()
  t.same([files[0]?.filename, containers[0]?.name], [long, long], 'names go as they come')
  t.match(await red.files.retrieve(file.id), { id: file.id }, 'ids are sealed all the same')
  t.same(await refusal(blue.files.retrieve(file.id)), [404, 'object_not_found', 'file'])

  const seen = account.seen.length
  for (const path of ['/files', '/containers']) {
    t.same(await refusal(red.get(path)), [404, 'unknown_endpoint', 'path'], path)
    const said = await red.get(path).catch((error: unknown) => String(error))
    t.match(said, /`mark_names: false`/, 'the answer says which setting it is')
  }
  t.equal(account.seen.length, seen, 'the upstream saw nothing of it')
  const store = await red.vectorStores.create({ name: 'a' })
  t.same(
    (await red.vectorStores.list()).data.map(({ id }) => id),
    [store.id],
    'what has metadata is listed',
  )
  t.same((await blue.vectorStores.list()).data, [])
  await endInOrder(t, world)
})
