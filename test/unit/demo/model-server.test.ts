import OpenAI from 'openai'
import t from 'tap'
import { startModelServer } from '../../../src/demo/model-server.ts'

const server = await startModelServer(0)
t.teardown(() => server.close())
const client = new OpenAI({ baseURL: server.url, apiKey: server.key, organization: null, project: null, maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'three words here' }]
const TEXT =
  'A sallyport is a gate that one goes through only after being checked. (m, simulated; your prompt had 3 words.)'
const WORDS = TEXT.split(' ').length

t.test('chat answers, and counts words as tokens', async (t) => {
  const answer = await client.chat.completions.create({ model: 'm', messages })
  t.equal(answer.choices[0]?.message.content, TEXT)
  t.same(answer.usage, { prompt_tokens: 3, completion_tokens: WORDS, total_tokens: 3 + WORDS })
})

t.test('chat streams word by word, with usage only where it is asked for', async (t) => {
  for (const include_usage of [true, false]) {
    const pieces: string[] = []
    let usage = 0
    const stream = await client.chat.completions.create({
      model: 'm',
      messages,
      stream: true,
      ...(include_usage ? { stream_options: { include_usage } } : {}),
    })
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta.content
      if (piece) pieces.push(piece)
      usage += chunk.usage?.completion_tokens ?? 0
    }
    t.equal(pieces.join(''), TEXT)
    t.equal(pieces.length, WORDS)
    t.equal(usage, include_usage ? WORDS : 0)
  }
})

t.test('completions answer and stream', async (t) => {
  const answer = await client.completions.create({ model: 'm', prompt: 'three words here' })
  t.equal(answer.choices[0]?.text, TEXT)
  let text = ''
  for await (const chunk of await client.completions.create({ model: 'm', prompt: 'three words here', stream: true })) {
    text += chunk.choices[0]?.text ?? ''
  }
  t.equal(text, TEXT)
})

t.test('responses answer and stream', async (t) => {
  const answer = await client.responses.create({ model: 'm', input: 'three words here' })
  t.equal(answer.output_text, TEXT)
  t.equal(answer.usage?.input_tokens, 3)
  let text = ''
  let usage = 0
  for await (const event of await client.responses.create({ model: 'm', input: 'three words here', stream: true })) {
    if (event.type === 'response.output_text.delta') text += event.delta
    if (event.type === 'response.completed') usage = event.response.usage?.output_tokens ?? 0
  }
  t.equal(text, TEXT)
  t.equal(usage, WORDS)
})

t.test('embeddings are the same for the same text, as numbers and in base64', async (t) => {
  const [first, second] = await Promise.all(
    (['float', 'base64'] as const).map((encoding_format) =>
      client.embeddings.create({ model: 'm', input: ['a b', 'c'], encoding_format }),
    ),
  )
  t.equal(first?.data.length, 2)
  t.equal(first?.usage.prompt_tokens, 3)
  t.not(first?.data[0]?.embedding, first?.data[1]?.embedding)
  const bytes = Buffer.from(String(second?.data[0]?.embedding), 'base64')
  const decoded = Array.from({ length: 8 }, (_, index) => bytes.readFloatLE(index * 4))
  t.same(decoded, first?.data[0]?.embedding)
})

t.test('models are listed, and an unknown one is not found', async (t) => {
  const { data } = await client.models.list()
  t.same(
    data.map(({ id }) => id),
    ['gpt-4o-mini', 'gpt-4o', 'text-embedding-3-small', 'omni-moderation-latest'],
  )
  t.equal((await client.models.retrieve('gpt-4o')).id, 'gpt-4o')
  await t.rejects(client.models.retrieve('x'), { code: 'model_not_found' })
})

const refusals = [
  ['the right key is answered', { authorization: `Bearer ${server.key}` }, '/models', 200],
  ['another key is refused', { authorization: 'Bearer x' }, '/models', 401],
  ['no key is refused', {}, '/models', 401],
  ['an unknown path is not found', { authorization: `Bearer ${server.key}` }, '/nothing', 404],
] as const

t.test('what is no request of the API is refused', async (t) => {
  for (const [name, headers, path, status] of refusals) {
    const response = await fetch(`${server.url}${path}`, { headers })
    t.equal(response.status, status, name)
    await response.body?.cancel()
  }
  const broken = await fetch(`${server.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}` },
    body: '[1]',
  })
  t.equal(broken.status, 400, 'a body that is no object')
})
