import type OpenAI from 'openai'
import { toFile } from 'openai'
import t from 'tap'
import { newBatchFile } from '../support/object-uses.ts'
import { allOf, refusal, startSharedAccount } from '../support/two-workspaces.ts'
import { endInOrder } from '../support/world.ts'

const MARKED = /^spm1[A-Za-z0-9]{6}[\w-]{22}-/

interface Made {
  readonly id: string
  readonly filename?: string
  readonly name?: string
}

const file = async (client: OpenAI, name: string, purpose: 'assistants' | 'user_data' = 'user_data'): Promise<Made> =>
  client.files.create({ file: await toFile(Buffer.from('x'), name), purpose })
const upload = (client: OpenAI, filename: string) =>
  client.uploads.create({ bytes: 1, filename, mime_type: 'text/csv', purpose: 'assistants' })

const KINDS = {
  files: {
    key: 'filename' as const,
    make: (client: OpenAI, name: string): Promise<Made> => file(client, name),
    list: (client: OpenAI, options = {}): AsyncIterable<Made> => client.files.list(options),
    path: '/files',
  },
  containers: {
    key: 'name' as const,
    make: (client: OpenAI, name: string): Promise<Made> => client.containers.create({ name }),
    list: (client: OpenAI, options = {}): AsyncIterable<Made> => client.containers.list(options),
    path: '/containers',
  },
}

t.test('lists of what has no metadata', async (t) => {
  const two = await startSharedAccount(t)
  const { red, blue, past, account } = two

  for (const [kind, { key, make, list, path }] of Object.entries(KINDS)) {
    await t.test(`${kind}: one’s own alone, by the names that they were given`, async (t) => {
      const mine: Made[] = []
      const theirs: Made[] = []
      for (let round = 0; round < 9; round++) {
        for (let count = 0; count <= round % 3; count++) mine.push(await make(red, `${round}-${count}.csv`))
        for (let count = 0; count < 12; count++) theirs.push(await make(blue, 'same.csv'))
      }
      await make(past, 'past.csv')
      t.equal(mine[0]?.[key], '0-0.csv', 'what is made is answered as it was asked for')
      for (const limit of [1, 7, 100]) t.same(await allOf(list(red, { limit })), mine, `${limit} a page`)
      t.same(await allOf(list(red, { order: 'desc' })), mine.toReversed(), 'in the other order')
      t.same((await allOf(list(blue))).length, theirs.length, 'and the other one its own')
      const page = await red.get(`${path}?limit=4&after=${mine[1]?.id}`)
      t.match(page, { object: 'list', first_id: mine[2]?.id, last_id: mine[5]?.id, has_more: true })
      const before = account.seen.length
      t.same(await refusal(allOf(list(blue, { after: mine[1]?.id }))), [404, 'object_not_found', 'after'])
      t.same(await refusal(red.get(`${path}?limit=0`)), [400, 'invalid_request', 'limit'])
      t.equal(account.seen.length, before, 'the upstream saw nothing of it')
      const names = (await allOf(list(past))).map((one) => one[key] ?? '').filter((name) => name !== 'past.csv')
      t.ok(names.length > 0 && names.every((name) => MARKED.test(name)), 'upstream all of them are marked')
      t.notMatch(JSON.stringify(await allOf(list(red))), /spm1|sallyport/)
    })
  }

  await t.test('a list is narrowed as the API does', async (t) => {
    const made = await file(red, 'for.csv', 'assistants')
    t.same(
      (await allOf(red.files.list({ purpose: 'assistants' }))).map(({ id }) => id),
      [made.id],
    )
    await makeContainers(red, blue)
    t.same(
      (await allOf(red.containers.list({ name: 'two words' }))).map(({ name }) => name),
      ['two words'],
    )
    t.same(await allOf(red.containers.list({ name: 'nobody’s' })), [])
  })

  await t.test('an upload becomes a file of one’s own', async (t) => {
    const begun = await upload(red, 'a "quoted" \\ name é.csv')
    const { file: made, filename } = await red.uploads.complete(begun.id, { part_ids: [] })
    const name = 'a "quoted" \\ name é.csv'
    t.same([begun.filename, filename, made?.filename], [name, name, name])
    const listed = (await allOf(red.files.list())).at(-1)
    t.same([listed?.id, listed?.filename], [made?.id, name])
    t.equal((await red.files.retrieve(made?.id ?? '')).filename, name)
  })

  await t.test('a file of lines has one id everywhere, and so has its batch', async (t) => {
    const input_file_id = await newBatchFile(red)
    const asked = { endpoint: '/v1/embeddings', completion_window: '24h' } as const
    const made = await red.batches.create({ ...asked, input_file_id })
    const [listed] = (await allOf(red.files.list({ purpose: 'batch' }))).slice(-1)
    t.equal(listed?.id, input_file_id)
    const [batch] = (await red.batches.list()).data
    t.same([batch?.id, batch?.input_file_id], [made.id, input_file_id])
    const ends = await red.get('/batches?limit=1')
    t.match(ends, { first_id: made.id, last_id: made.id })
    const again = await red.batches.create({ ...asked, input_file_id: batch?.input_file_id ?? '' })
    t.equal(again.input_file_id, input_file_id, 'what a list says can be used')
    const wrong = { ...asked, endpoint: '/v1/responses', input_file_id } as const
    t.same(await refusal(red.batches.create(wrong)), [400, 'invalid_body', 'input_file_id'])
    t.same(
      (await allOf(blue.files.list({ purpose: 'batch' }))).map(({ id }) => id),
      [],
    )
  })

  await t.test('names of all sorts', async (t) => {
    const names = [
      '.env',
      'dots...',
      '報告 🙂.pdf',
      'no ending',
      "it's.txt",
      'x'.repeat(222),
      'ü'.repeat(111),
      'spm1-a',
    ]
    for (const name of names) {
      const made = await file(red, name)
      t.equal(made.filename, name)
      const sent = (await past.files.retrieve(made.id.slice(0, -32))).filename
      t.same([sent.replace(MARKED, ''), MARKED.test(sent)], [name, true])
      t.equal((await allOf(red.files.list())).at(-1)?.id, made.id, name)
    }
    const seen = account.seen.length
    t.same(await refusal(file(red, 'x'.repeat(223))), [400, 'invalid_body', 'file'])
    t.same(await refusal(upload(red, 'x'.repeat(223))), [400, 'invalid_body', 'filename'])
    t.same(await refusal(red.containers.create({ name: 'x'.repeat(223) })), [400, 'invalid_body', 'name'])
    t.equal(account.seen.length, seen)
  })

  await t.test('nobody writes a mark, and none but one’s own counts', async (t) => {
    const mine = await allOf(red.files.list())
    const [known = ''] = (await past.files.retrieve(mine[0]?.id.slice(0, -32) ?? '')).filename.match(MARKED) ?? []
    const seen = account.seen.length
    for (const client of [red, blue]) {
      const name = `${known}stolen.csv`
      t.same(await refusal(file(client, name)), [400, 'invalid_body', 'file'])
      t.same(await refusal(upload(client, name)), [400, 'invalid_body', 'filename'])
      t.same(await refusal(client.containers.create({ name })), [400, 'invalid_body', 'name'])
    }
    t.equal(account.seen.length, seen, 'the upstream saw nothing of it')
    const others = [
      ['assistants_output', `${known}of-a-model.csv`],
      ['user_data', `${known}${known}twice.csv`],
      ['user_data', `${known.slice(0, -2)}${known.at(-2) === 'A' ? 'Q' : 'A'}-altered.csv`],
      ['user_data', `spm1zzzzzz${known.slice(10)}of-no-key.csv`],
    ] as const
    for (const [purpose, name] of others) await file(past, name, purpose as never)
    t.same(await allOf(red.files.list()), mine)
    await past.containers.create({ name: `${known}other kind` })
    t.notMatch(JSON.stringify(await allOf(red.containers.list())), /other kind/)
  })

  await t.test('what is deleted is in no list', async (t) => {
    const [first] = await allOf(red.files.list())
    t.match(await red.files.delete(first?.id ?? ''), { id: first?.id, deleted: true })
    t.equal(
      (await allOf(red.files.list())).some(({ id }) => id === first?.id),
      false,
    )
  })
  await endInOrder(t, two.world)
})

async function makeContainers(red: OpenAI, blue: OpenAI): Promise<void> {
  for (const client of [red, blue]) for (const name of ['two words', 'two']) await client.containers.create({ name })
}
