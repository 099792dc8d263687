import { toFile } from 'openai'
import t from 'tap'
import { refusal, startSharedAccount } from '../support/two-workspaces.ts'
import { endInOrder } from '../support/world.ts'

t.test('an upstream on which names are not marked', async (t) => {
  const { world, account, red, blue, past } = await startSharedAccount(t, (url) => ({
    upstreams: [{ name: 'mock', url, models: ['*'], mark_names: false }],
  }))

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
