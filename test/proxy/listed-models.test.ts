import OpenAI, { APIError } from 'openai'
import t from 'tap'
import { endInOrder, startWorld } from '../support/world.ts'

const [STREAMED, PICTURED, NEITHER] = ['gpt-4o-mini', 'gpt-4o', 'gpt-4-turbo'] as const
const POLICY = {
  version: 1,
  rules: [
    { id: 'list', effect: 'allow', operations: ['models.list', 'models.get'] },
    { id: 'streams', effect: 'allow', models: [STREAMED], operations: ['chat'], when: { stream: true } },
    {
      ...{ id: 'pictures', effect: 'allow', models: [PICTURED], operations: ['chat'] },
      when: { input: { images: true }, urls: ['images.example'] },
    },
  ],
}

t.test('a model is listed where a stream, or a request with images, may use it', async (t) => {
  const world = await startWorld(t, { policy: POLICY })
  const client = new OpenAI({ baseURL: world.proxy.baseUrl, apiKey: await world.token(), maxRetries: 0 })
  world.model.scriptPath('/v1/models', ({ response }) => {
    const data = [STREAMED, PICTURED, NEITHER].map((id) => ({ id, object: 'model', created: 1, owned_by: 'x' }))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data }))
  })
  const status = (asked: PromiseLike<unknown>) =>
    asked.then(
      () => 200,
      (error: unknown) => (error instanceof APIError ? error.status : error),
    )
  t.same(
    (await client.models.list()).data.map(({ id }) => id),
    [STREAMED, PICTURED],
  )
  for (const [model, expected] of [
    [STREAMED, 200],
    [PICTURED, 200],
    [NEITHER, 404],
  ] as const) {
    t.equal(await status(client.models.retrieve(model)), expected, model)
  }
  const image = { type: 'image_url' as const, image_url: { url: 'https://images.example/a.png' } }
  const asks = (model: string, content: string | (typeof image)[], stream: boolean) =>
    status(client.chat.completions.create({ model, messages: [{ role: 'user', content }], stream }))
  t.same([await asks(STREAMED, 'x', true), await asks(STREAMED, 'x', false)], [200, 403])
  t.same([await asks(PICTURED, [image], false), await asks(PICTURED, 'x', false)], [200, 403])
  await endInOrder(t, world)
})
