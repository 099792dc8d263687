import type OpenAI from 'openai'
import t, { type Test } from 'tap'
import { newBatchFile, newFile } from '../support/object-uses.ts'
import { allOf, refusal, type SharedAccount, startSharedAccount } from '../support/two-workspaces.ts'
import { endInOrder } from '../support/world.ts'

const model = 'gpt-4o-mini'
const metadata = { note: 'mine' }

interface Marked {
  readonly make: (client: OpenAI, metadata?: Record<string, string> | null) => Promise<Made>
  readonly list: (client: OpenAI, options?: { limit?: number; after?: string }) => AsyncIterable<Made>
  readonly update?: (client: OpenAI, id: string, metadata: Record<string, string> | null) => Promise<Made>
  readonly path: string
}
interface Made {
  readonly id: string
  readonly metadata?: unknown
}
type Some = Record<string, string> | null | undefined
const given = (metadata: Some) => (metadata === undefined ? {} : { metadata })

const eval_ = { data_source_config: { type: 'custom' as const, item_schema: {} }, testing_criteria: [] }
const KINDS: { readonly [name: string]: Marked } = {
  vector_stores: {
    path: '/vector_stores',
    make: (client, metadata) => client.vectorStores.create({ ...given(metadata) }),
    list: (client, options) => client.vectorStores.list(options),
    update: (client, id, metadata) => client.vectorStores.update(id, { metadata }),
  },
  batches: {
    path: '/batches',
    make: async (client, metadata) =>
      client.batches.create({
        input_file_id: await newBatchFile(client),
        endpoint: '/v1/embeddings',
        completion_window: '24h',
        ...given(metadata),
      }),
    list: (client, options) => client.batches.list(options),
  },
  assistants: {
    path: '/assistants',
    make: (client, metadata) => client.beta.assistants.create({ model, ...given(metadata) }),
    list: (client, options) => client.beta.assistants.list(options),
    update: (client, id, metadata) => client.beta.assistants.update(id, { metadata }),
  },
  evals: {
    path: '/evals',
    make: (client, metadata) => client.evals.create({ ...eval_, ...given(metadata) }),
    list: (client, options) => client.evals.list(options),
    update: (client, id, metadata) => client.evals.update(id, { metadata }),
  },
  'fine-tuning jobs': {
    path: '/fine_tuning/jobs',
    make: async (client, metadata) =>
      client.fineTuning.jobs.create({ model, training_file: await newFile(client), ...given(metadata) }),
    list: (client, options) => client.fineTuning.jobs.list(options),
  },
  'stored chats': {
    path: '/chat/completions',
    make: (client, metadata) =>
      client.chat.completions.create({
        ...{ model, store: true, messages: [{ role: 'user', content: 'x' }] },
        ...given(metadata),
      }) as Promise<Made>,
    list: (client, options) => client.chat.completions.list(options) as AsyncIterable<Made>,
    update: (client, id, metadata) => client.chat.completions.update(id, { metadata }) as Promise<Made>,
  },
}

/** As the caller wrote it: nothing of the proxy's in it. */
const isClean = (made: readonly Made[]) => !JSON.stringify(made).includes('sallyport')

async function listsOnlyOnesOwn(t: Test, { red, blue, past, account }: SharedAccount, kind: Marked): Promise<void> {
  const ids = (made: readonly Made[]) => made.map(({ id }) => id)
  const ends = (page: unknown) => {
    const { first_id: first, last_id: last, has_more: more } = page as { [key: string]: unknown }
    return [first, last, more]
  }
  const mine: Made[] = []
  const theirs: Made[] = []
  for (let round = 0; round < 9; round++) {
    for (let count = 0; count <= round % 3; count++) mine.push(await kind.make(red, metadata))
    for (let count = 0; count < 12; count++) theirs.push(await kind.make(blue))
  }
  for (let count = 0; count < 3; count++)
    await kind.make(past, { sallyport: 'spm1aaaaaaAAAAAAAAAAAAAAAAAAAAAA' }).catch(() => 0)
  t.ok(isClean([...mine, ...theirs]), 'what is made is answered as it was asked for')
  for (const limit of [1, 2, 7, 100]) {
    const found = await allOf(kind.list(red, { limit }))
    t.same(ids(found), ids(mine), `${limit} a page: one’s own, each once, in order`)
    t.ok(isClean(found))
    t.match(found[0], { metadata })
  }
  t.same(ids(await allOf(kind.list(blue))), ids(theirs), 'and the other one its own')
  const page = await red.get(`${kind.path}?limit=4&after=${mine[1]?.id}`)
  t.match(page, { object: 'list' })
  t.same(ends(page), [mine[2]?.id, mine[5]?.id, true])
  const last = await red.get(`${kind.path}?limit=4&after=${mine.at(-3)?.id}`)
  t.same(ends(last), [mine.at(-2)?.id, mine.at(-1)?.id, false])
  const before = account.seen.length
  t.same(await refusal(allOf(kind.list(blue, { after: mine[1]?.id ?? '' }))), [404, 'object_not_found', 'after'])
  t.same(await refusal(red.get(`${kind.path}?limit=none`) as Promise<unknown>), [400, 'invalid_request', 'limit'])
  t.same(await refusal(kind.make(red, { sallyport: 'x' })), [400, 'invalid_body', 'metadata'])
  const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']))
  t.same(await refusal(kind.make(red, pairs(16))), [400, 'invalid_body', 'metadata'])
  const seen = account.seen.slice(before).filter((line) => !/\/(?:uploads|files)/.test(line))
  t.same(seen, [], 'the upstream saw nothing of it')
  mine.push(await kind.make(red, pairs(15)), await kind.make(red, null))
  const { update } = kind
  if (update) {
    for (const changed of [{ other: 'y' }, {}, null]) {
      t.ok(isClean([await update(red, mine[0]?.id ?? '', changed)]), 'an update shows nothing')
    }
    t.same(await refusal(update(red, mine[0]?.id ?? '', { sallyport: 'x' })), [400, 'invalid_body', 'metadata'])
  }
  t.same(ids(await allOf(kind.list(red))), ids(mine), 'what was changed is still one’s own')
}

for (const isolation of ['workspace', 'user'] as const) {
  t.test(`isolation: ${isolation}: a list of the account has one’s own objects alone`, async (t) => {
    const two = await startSharedAccount(t, (upstream) => ({ upstream, isolation }))
    for (const [name, kind] of Object.entries(KINDS)) {
      if (isolation === 'user' && name !== 'vector_stores') continue
      await t.test(name, (t) => listsOnlyOnesOwn(t, two, kind))
    }
    const from = two.account.seen.length
    const { response } = await two.red.vectorStores.list({ limit: 2 }).withResponse()
    const decision = await two.world.proxy.audit.decision(response.headers.get('x-request-id') ?? '')
    t.match([decision.action, two.account.seen.length > from], ['request-authorized', true], 'one decision')
    await endInOrder(t, two.world)
  })
}
