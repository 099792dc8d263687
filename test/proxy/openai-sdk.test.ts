import OpenAI from 'openai'
import t from 'tap'
import { TEXT, USAGE } from '../support/model-answers.ts'
import * as behaviours from '../support/model-behaviours.ts'
import { ALICE, BOB, endInOrder, startWorld } from '../support/world.ts'

const MODEL = 'gpt-4o-mini'
const messages = [{ role: 'user' as const, content: 'hello' }]

type ErrorClass = abstract new (...parts: never) => Error

t.test('the official OpenAI SDK runs unchanged', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const client = (apiKey: string, maxRetries = 0) => new OpenAI({ baseURL: proxy.baseUrl, apiKey, maxRetries })
  const alice = client(await world.token(ALICE))
  const bob = client(await world.token(BOB))
  /** Both events of the latest authorized request; its usage and finish as the audit has them. */
  const ended = async (id: string | null | undefined) => {
    const decision = await proxy.audit.decision(id ?? '')
    const complete = await proxy.audit.complete(id ?? '')
    return { decision, complete }
  }

  await t.test('chat', async (t) => {
    const { data, request_id: id } = await alice.chat.completions.create({ model: MODEL, messages }).withResponse()
    t.equal(data.choices[0]?.message.content, TEXT)
    const { decision, complete } = await ended(id)
    t.same([decision.get('sallyport.operation'), decision.get('user.id')], ['chat', ALICE])
    t.same([complete.action, complete.get('gen_ai.usage.input_tokens')], ['completion-finished', USAGE.input])
    t.equal(complete.get('gen_ai.response.id'), data.id)
    const last = model.requests.at(-1)
    t.same(JSON.parse(String(last?.body)), { model: MODEL, messages }, 'forwarded as it was')
  })

  for (const asked of [false, true]) {
    await t.test(`chat as a stream, usage ${asked ? 'asked for' : 'not asked for'}`, async (t) => {
      const { data: stream, request_id: id } = await alice.chat.completions
        .create({
          model: MODEL,
          messages,
          stream: true,
          ...(asked ? { stream_options: { include_usage: true } } : {}),
        })
        .withResponse()
      let text = ''
      const usages: unknown[] = []
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? ''
        if (chunk.usage !== undefined) usages.push(chunk.usage)
        if (!asked) t.ok(chunk.choices.length > 0, 'no chunk that was not asked for')
      }
      t.equal(text, TEXT)
      t.equal(usages.filter(Boolean).length, asked ? 1 : 0, 'usage as the client asked')
      if (!asked) t.equal(usages.length, 0, 'and no trace of it otherwise')
      const { complete } = await ended(id)
      t.equal(complete.get('gen_ai.usage.output_tokens'), USAGE.output, 'the audit knows it all the same')
      t.same(complete.get('sallyport.finish_reasons'), ['stop'])
      const up = JSON.parse(String(model.requests.at(-1)?.body))
      t.same(up.stream_options, { include_usage: true }, 'the upstream was asked')
    })
  }

  await t.test('the streaming runner', async (t) => {
    const runner = alice.chat.completions.stream({ model: MODEL, messages })
    t.equal((await runner.finalMessage()).content, TEXT)
  })

  await t.test('completions, as a document and as a stream', async (t) => {
    const whole = await alice.completions.create({ model: MODEL, prompt: 'hello' })
    t.equal(whole.choices[0]?.text, TEXT)
    let text = ''
    for await (const chunk of await alice.completions.create({ model: MODEL, prompt: 'hello', stream: true })) {
      text += chunk.choices[0]?.text ?? ''
    }
    t.equal(text, TEXT)
  })

  await t.test('responses', async (t) => {
    const { data, request_id: id } = await alice.responses.create({ model: MODEL, input: 'hello' }).withResponse()
    t.equal(data.output_text, TEXT)
    const { decision, complete } = await ended(id)
    t.equal(decision.get('sallyport.operation'), 'responses')
    t.equal(complete.get('gen_ai.usage.output_tokens'), USAGE.output)
  })

  await t.test('responses as a stream', async (t) => {
    const types: string[] = []
    for await (const event of await alice.responses.create({ model: MODEL, input: 'hello', stream: true })) {
      types.push(event.type)
    }
    t.same([types[0], types.at(-1)], ['response.created', 'response.completed'])
    const final = await alice.responses.stream({ model: MODEL, input: 'hello' }).finalResponse()
    t.equal(final.output_text, TEXT)
    const line = await proxy.audit.lines.until(
      (lines) => lines.findLast((one) => one.stage === 'complete' && one.get('gen_ai.response.id') === final.id),
      'the end of the stream',
    )
    t.equal(line.get('gen_ai.usage.input_tokens'), USAGE.input)
  })

  await t.test('embeddings and moderations', async (t) => {
    const { data, request_id: id } = await alice.embeddings
      .create({ model: 'text-embedding-3-small', input: ['a', 'b'] })
      .withResponse()
    t.same(data.data[1]?.embedding, [0.25, -0.5, 0.125])
    t.equal((await ended(id)).complete.get('gen_ai.usage.input_tokens'), USAGE.input)
    const moderation = await alice.moderations.create({ model: 'omni-moderation-latest', input: 'hello' })
    t.equal(moderation.results[0]?.flagged, false)
  })

  await t.test('models: what the caller may use, and nothing else', async (t) => {
    const ids = []
    for await (const one of alice.models.list()) ids.push(one.id)
    t.same(ids.sort(), ['gpt-4o-mini', 'omni-moderation-latest', 'text-embedding-3-small'])
    t.equal((await alice.models.retrieve(MODEL)).id, MODEL)
    await t.rejects(alice.models.retrieve('gpt-4o'), { status: 404, code: 'model_not_found' }, 'hidden')
    await t.rejects(alice.models.retrieve('gpt-none'), { status: 404, code: 'model_not_found' }, 'not there')
    await t.rejects(bob.models.list(), { status: 403, code: 'policy_denied' }, 'nothing for who has no role')
  })

  await t.test('every class of error', async (t) => {
    const create = (who: OpenAI, body: object = {}) =>
      who.chat.completions.create({ model: MODEL, messages, ...body } as never)
    const rows: readonly (readonly [string, () => Promise<unknown>, ErrorClass, number, string])[] = [
      ['a bad key', () => create(client('nonsense')), OpenAI.AuthenticationError, 401, 'invalid_api_key'],
      ['no rule', () => create(bob), OpenAI.PermissionDeniedError, 403, 'policy_denied'],
      ['another model', () => create(alice, { model: 'gpt-4o' }), OpenAI.PermissionDeniedError, 403, 'policy_denied'],
      ['no such model', () => create(alice, { model: 'llama' }), OpenAI.NotFoundError, 404, 'model_not_found'],
      ['a body', () => create(alice, { messages: 7 }), OpenAI.BadRequestError, 400, 'invalid_body'],
      ['a redirection', () => create(alice, { api_base: 'http://x' }), OpenAI.BadRequestError, 400, 'invalid_body'],
      ['an unknown path', () => alice.get('/nowhere'), OpenAI.NotFoundError, 404, 'unknown_endpoint'],
      ['a wrong method', () => alice.delete('/chat/completions'), OpenAI.APIError, 405, 'method_not_allowed'],
      [
        'an operation that is not granted',
        () => alice.files.list().then(),
        OpenAI.PermissionDeniedError,
        403,
        'policy_denied',
      ],
    ]
    for (const [name, call, kind, status, code] of rows) {
      const error = await call().then(
        () => null,
        (cause: unknown) => cause,
      )
      t.ok(error instanceof kind, `${name}: ${kind.name}`)
      if (!(error instanceof OpenAI.APIError)) continue
      t.same([error.status, error.code], [status, code], name)
      const decision = await proxy.audit.decision(error.requestID ?? '')
      t.equal(decision.get('http.response.status_code'), status, `${name}: audited`)
    }
  })

  await t.test('errors of the upstream reach the SDK as its classes', async (t) => {
    const rows = [
      [400, OpenAI.BadRequestError, 400],
      [403, OpenAI.PermissionDeniedError, 403],
      [404, OpenAI.NotFoundError, 404],
      [409, OpenAI.ConflictError, 409],
      [422, OpenAI.UnprocessableEntityError, 422],
      [429, OpenAI.RateLimitError, 429],
      [500, OpenAI.InternalServerError, 500],
      [503, OpenAI.InternalServerError, 503],
      [401, OpenAI.InternalServerError, 502],
      [307, OpenAI.InternalServerError, 502],
    ] as const
    for (const [status, kind, seen] of rows) {
      model.script(`gpt-4o-mini-${status}`, status === 307 ? behaviours.redirect : behaviours.status(status))
      const error = await alice.chat.completions.create({ model: `gpt-4o-mini-${status}`, messages }).then(
        () => null,
        (cause: unknown) => cause,
      )
      t.ok(error instanceof kind, `${status}: ${kind.name}`)
      if (!(error instanceof OpenAI.APIError)) continue
      t.equal(error.status, seen, `${status}`)
      t.equal(error.code, seen === status ? `mock_${status}` : 'upstream_unavailable', `${status}: whose error it is`)
      const { complete } = await ended(error.requestID)
      t.same([complete.action, complete.get('http.response.status_code')], ['completion-failed', seen], `${status}`)
    }
  })

  await t.test('retries: what may pass is tried again, what may not is not', async (t) => {
    let calls = 0
    model.script('gpt-4o-mini-flaky', (call) => {
      calls += 1
      if (calls === 1) return behaviours.status(503, { 'retry-after-ms': '1' })(call)
      return behaviours.privateHeaders(call)
    })
    const patient = client(await world.token(ALICE), 2)
    await patient.chat.completions.create({ model: 'gpt-4o-mini-flaky', messages })
    t.equal(calls, 2, 'a 503 is tried again')
    const before = proxy.audit.withAction('request-denied').length
    const denied = client(await world.token(BOB), 2).chat.completions.create({ model: MODEL, messages })
    await t.rejects(denied, { code: 'policy_denied' })
    t.equal(proxy.audit.withAction('request-denied').length, before + 1, 'a denial is asked once')
  })

  await t.test('a stream that breaks raises an error', async (t) => {
    model.script('gpt-4o-mini-broken', behaviours.resetMidStream)
    const stream = await alice.chat.completions.create({ model: 'gpt-4o-mini-broken', messages, stream: true })
    await t.rejects(
      async () => {
        for await (const _ of stream);
      },
      { code: 'upstream_unavailable' },
    )
    const failed = await proxy.audit.lines.until(
      (lines) =>
        lines.find((line) => line.get('gen_ai.request.model') === 'gpt-4o-mini-broken' && line.stage === 'complete'),
      'its end',
    )
    t.same([failed.action, failed.get('event.reason')], ['completion-failed', 'upstream_reset'])
  })

  await endInOrder(t, world)
})
