import { APIError, type OpenAI } from 'openai'
import t, { type Test } from 'tap'
import { type Ids, newFile, OBJECT_TYPES, type ObjectType, type Use } from '../support/object-uses.ts'
import { NESTED_TYPES } from '../support/object-uses-below.ts'
import { type SharedAccount, startSharedAccount } from '../support/two-workspaces.ts'
import { endInOrder } from '../support/world.ts'

const SEALED = /^[\w-]+\.sp[1a-z][A-Za-z0-9]{6}[\w-]{22}$/

const raw = (id: string) => id.slice(0, -32)
/** With another letter in its proof. */
const altered = (id: string) => id.slice(0, -5) + (id.at(-5) === 'A' ? 'B' : 'A') + id.slice(-4)
const each = (ids: Ids, change: (id: string) => string): Ids =>
  Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, change(id)]))

/** How a use fails, and what the upstream saw of it. */
async function refusal({ world, account }: SharedAccount, client: OpenAI, use: Use, ids: Ids) {
  const before = account.seen.length
  const error = await use(client, ids).then(
    () => null,
    (error: unknown) => error,
  )
  if (!(error instanceof APIError)) return { error, seen: account.seen.slice(before) }
  const decision = await world.proxy.audit.decision(error.requestID ?? '')
  const named = decision.get('sallyport.request.objects')
  const told = [decision.action, decision.get('event.reason'), decision.get('http.response.status_code')]
  return {
    status: error.status,
    body: error.error,
    told,
    isNamed: isListOf(named, ids),
    seen: account.seen.slice(before),
  }
}

/** The event names what the caller wrote. */
function isListOf(named: unknown, ids: Ids): boolean {
  const written = Object.values(ids)
  return Array.isArray(named) && named.length > 0 && named.every((id) => written.includes(id))
}

const DENIED = ['request-denied', 'object_not_found', 404]

async function crosses(t: Test, scene: SharedAccount, { make, uses }: ObjectType): Promise<void> {
  const { red, blue } = scene
  const ids = await make(red)
  for (const [name, id] of Object.entries(ids)) t.match(id, SEALED, `${name} is sealed`)
  const others = await make(blue)
  for (const [name, use] of Object.entries(uses)) {
    const named = new Set<string>()
    const noting: Use = (client, ids) =>
      use(client, new Proxy(ids, { get: (all, key) => all[named.add(String(key)) && String(key)] }))
    const foreign = await refusal(scene, blue, noting, ids)
    t.same(
      [foreign.status, foreign.told, foreign.isNamed, foreign.seen],
      [404, DENIED, true, []],
      `${name}: not the other one’s`,
    )
    for (const [what, wrong] of [
      ['raw', each(ids, raw)],
      ['altered', each(ids, altered)],
      ['made up', each(ids, (id) => `${raw(id)}9`)],
    ] as const) {
      t.same(await refusal(scene, red, use, wrong), foreign, `${name}: ${what}`)
    }
    for (const key of named) {
      const mixed = await refusal(scene, blue, use, { ...others, [key]: ids[key] ?? '' })
      t.same(mixed, foreign, `${name}: only ${key} is the other one’s`)
    }
    await t.resolves(use(red, ids), `${name}: one’s own`)
  }
}

t.test('two workspaces on one account: nothing crosses, and one’s own works', async (t) => {
  const two = await startSharedAccount(t)
  const { world } = two
  for (const type of [...OBJECT_TYPES, ...NESTED_TYPES]) await t.test(type.name, (t) => crosses(t, two, type))

  await t.test('what the upstream does not have looks like what is not one’s own', async (t) => {
    const made = await two.red.beta.threads.create({})
    await two.red.beta.threads.delete(made.id)
    const get: Use = (client, { id = '' }) => client.beta.threads.retrieve(id)
    const gone = await refusal(two, two.red, get, { id: made.id })
    const foreign = await refusal(two, two.blue, get, { id: made.id })
    t.same([gone.status, gone.body], [foreign.status, foreign.body])
    t.same([gone.seen.length, foreign.seen.length], [1, 0])
    t.same(foreign.body, {
      message: 'the request names a stored object that does not exist or that you have no access to (`thread`)',
      type: 'invalid_request_error',
      param: 'thread',
      code: 'object_not_found',
    })
  })

  await t.test('pages follow one another by sealed ids', async (t) => {
    const thread = await two.red.beta.threads.create({})
    const made: string[] = []
    for (const content of ['a', 'b', 'c']) {
      made.push((await two.red.beta.threads.messages.create(thread.id, { role: 'user', content })).id)
    }
    const page = await two.red.beta.threads.messages.list(thread.id, { limit: 2 })
    t.same([page.data.map(({ id }) => id), page.hasNextPage()], [made.slice(0, 2), true])
    const whole = await two.red.get(`/threads/${thread.id}/messages?limit=2`)
    t.match(whole, { first_id: made[0], last_id: made[1] })
    const all: string[] = []
    for await (const { id } of two.red.beta.threads.messages.list(thread.id, { limit: 1 })) all.push(id)
    t.same(all, made)
  })

  await t.test('a stream tells the ids of the whole answer', async (t) => {
    const stream = await two.red.responses.create({ model: 'gpt-4o-mini', input: 'x', stream: true })
    const seen = { response: new Set<string>(), item: new Set<string>() }
    for await (const event of stream) {
      if ('response' in event) seen.response.add(event.response.id)
      if ('item_id' in event) seen.item.add(event.item_id)
      if (event.type === 'response.output_item.added') seen.item.add(event.item.id ?? '')
    }
    const [id = ''] = seen.response
    t.same([seen.response.size, seen.item.size], [1, 1])
    t.match(id, SEALED)
    const kept = await two.red.responses.retrieve(id)
    t.same([kept.id, kept.output[0]?.id], [id, [...seen.item][0]])
    t.match(JSON.stringify(kept.output), /resp_\d+ is not sealed in prose/)
    t.match(JSON.stringify(kept.output), /"call_id":"call_1"/)
  })

  await t.test('a chat that nothing is left of passes as it is', async (t) => {
    const messages = [{ role: 'user' as const, content: 'x' }]
    const { data, response } = await two.red.chat.completions.create({ model: 'gpt-4o-mini', messages }).withResponse()
    t.match(data.id, /^chatcmpl-\d+$/)
    t.type(response.headers.get('content-length'), 'string')
    t.equal(data.choices[0]?.message.content, 'hello')
  })

  await t.test('an id in a file is only text', async (t) => {
    const id = await newFile(two.red)
    const content = await (await two.red.files.content(id)).text()
    t.same(JSON.parse(content), { id: raw(id), file_id: raw(id), data: [{ id: raw(id) }] })
  })

  await t.test('what speaks of the objects of everybody', async (t) => {
    const before = two.account.seen.length
    const refused = { status: 404, code: 'unknown_endpoint' }
    await t.rejects(two.red.videos.list(), refused)
    await t.rejects(two.red.skills.list(), refused)
    const data_source_config = { type: 'stored_completions' as const }
    const wide = two.red.evals.create({ data_source_config, testing_criteria: [] })
    await t.rejects(wide, { status: 400, code: 'invalid_body', param: 'data_source_config' })
    t.equal(two.account.seen.length, before, 'the upstream saw nothing')
  })

  const authorized = world.proxy.audit.all().filter(({ action }) => action !== 'request-denied')
  const said = authorized.map(({ text }) => text).join('\n')
  const raws = [...two.account.ids].filter((id) => new RegExp(`${id}(?![.\\w])`).test(said))
  t.ok(
    raws.every((id) => id.startsWith('chatcmpl-')),
    'no event names an object as the upstream does',
  )
  await endInOrder(t, world)
})
