import Anthropic from '@anthropic-ai/sdk'
import t from 'tap'
import { MESSAGE_USAGE } from '../support/message-answers.ts'
import { asked, eventsOf, type Line, openScene, weather } from '../support/message-scene.ts'
import { TEXT } from '../support/model-answers.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { ALICE, endInOrder } from '../support/world.ts'

const COUNTED = MESSAGE_USAGE.input + MESSAGE_USAGE.read + MESSAGE_USAGE.written
const usageOf = (complete: Line) =>
  [
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.output_tokens',
    'sallyport.tokens.cached',
    'sallyport.tokens.reasoning',
  ].map((path) => complete.get(path))
const USAGE = [COUNTED, MESSAGE_USAGE.output, MESSAGE_USAGE.read, MESSAGE_USAGE.thinking]

t.test('the official Anthropic SDK runs unchanged', async (t) => {
  const scene = await openScene(t)
  const { world, alice, ended, last } = scene

  await t.test('a message', async (t) => {
    const { data, response, request_id: id } = await alice.messages.create(asked()).withResponse()
    t.same(data.content, [{ type: 'text', text: TEXT }])
    const { decision, complete } = await ended(id)
    t.same(
      [decision.get('sallyport.operation'), decision.get('gen_ai.operation.name'), decision.get('user.id')],
      ['messages', 'chat', ALICE],
    )
    t.same(decision.get('sallyport.policy.obligations'), ['transform:short'])
    t.same([complete.action, ...usageOf(complete)], ['completion-finished', ...USAGE])
    t.same([complete.get('gen_ai.response.id'), complete.get('gen_ai.response.model')], [data.id, 'claude-small'])
    t.same(complete.get('sallyport.finish_reasons'), ['end_turn'])
    t.equal(response.headers.get('request-id'), response.headers.get('x-request-id'), 'the id of the events')
    t.equal(response.headers.get('anthropic-ratelimit-requests-remaining'), '41')
    for (const name of ['anthropic-organization-id', 'set-cookie']) t.equal(response.headers.get(name), null, name)
    const { body, header } = last()
    t.same(body, asked({ system: 'Be kind.' }), 'forwarded as it was, with what the policy puts before it')
    t.same([header('x-api-key'), header('authorization')], [UPSTREAM_KEY, undefined], 'with the provider’s key')
    t.match(header('anthropic-version'), /^20\d\d-\d\d-\d\d$/, 'and the client’s version')
  })

  await t.test('a caller’s token as a bearer, an alias, blocks and a cap', async (t) => {
    const bearer = new Anthropic({
      baseURL: world.proxy.baseUrl.replace(/\/v1$/, ''),
      apiKey: null,
      authToken: await world.token(ALICE),
    })
    const system = [{ type: 'text' as const, text: 'Be brief.', cache_control: { type: 'ephemeral' as const } }]
    const { request_id: id } = await bearer.messages
      .create(asked({ model: 'quick', max_tokens: 900, system }))
      .withResponse()
    const { body } = last()
    t.same(body, asked({ max_tokens: 500, system: [{ type: 'text', text: 'Be kind.' }, ...system] }))
    const { decision } = await ended(id)
    t.same([decision.get('gen_ai.request.model'), decision.get('sallyport.alias')], ['claude-small', 'quick'])
  })

  await t.test('a stream, read by hand and by the runner', async (t) => {
    const { data: stream, request_id: id } = await alice.messages
      .create(asked({ stream: true as const }))
      .withResponse()
    let text = ''
    for await (const event of eventsOf(stream)) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text
    }
    t.equal(text, TEXT)
    const { complete } = await ended(id)
    t.same([complete.action, ...usageOf(complete)], ['completion-finished', ...USAGE])
    t.same(complete.get('sallyport.finish_reasons'), ['end_turn'])
    t.equal(await alice.messages.stream(asked()).finalText(), TEXT)
  })

  await t.test('tools of one’s own', async (t) => {
    const first = await alice.messages.create(asked({ tools: [weather] }))
    t.same(first.content, [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bonn' } }])
    const result = {
      type: 'tool_result' as const,
      tool_use_id: 'toolu_1',
      content: [{ type: 'text' as const, text: 'sun' }],
    }
    const messages = [
      ...asked().messages,
      { role: 'assistant' as const, content: first.content },
      { role: 'user' as const, content: [result] },
    ]
    t.equal((await alice.messages.create(asked({ messages }))).stop_reason, 'end_turn')
  })

  await t.test('counting tokens', async (t) => {
    const { max_tokens: _, ...body } = asked()
    const { data, request_id: id } = await alice.messages.countTokens(body).withResponse()
    t.equal(data.input_tokens, 14)
    t.equal((await ended(id)).decision.get('sallyport.operation'), 'messages.count_tokens')
  })

  await t.test('features that are admitted, and no other one', async (t) => {
    const betas = ['context-1m-2025-08-07', 'server-side-fallback-2026-07-01', 'new-2099-01-01', 'skills-2025-10-02']
    await alice.beta.messages.create(asked({ betas }) as never)
    t.equal(last().header('anthropic-beta'), 'context-1m-2025-08-07,skills-2025-10-02')
    await alice.beta.messages.create(asked({ betas: ['new-2099-01-01'] }) as never)
    t.equal(last().header('anthropic-beta'), undefined)
    t.same(last().body, asked({ system: 'Be kind.' }), 'and nothing of it in the body')
  })

  await t.test('models: what the caller may use, in the form of this API', async (t) => {
    const ids: string[] = []
    for await (const { id, type } of alice.models.list()) ids.push(`${type} ${id}`)
    t.same(ids, ['model claude-small'])
    t.equal((await alice.models.retrieve('claude-small')).display_name, 'claude-small')
    const hidden = await alice.models.retrieve('claude-large').catch((cause: unknown) => cause)
    t.match(hidden, { status: 404, errorCode: 'model_not_found' }, 'hidden')
  })
  await endInOrder(t, world)
})
