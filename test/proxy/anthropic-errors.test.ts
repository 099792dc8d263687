import Anthropic from '@anthropic-ai/sdk'
import t from 'tap'
import { asked, eventsOf, openScene, weather } from '../support/message-scene.ts'
import { ALICE, BOB, endInOrder } from '../support/world.ts'

type ErrorClass = abstract new (...parts: never) => Error

t.test('errors reach the SDK as its classes', async (t) => {
  const { world, client, alice, ended } = await openScene(t)
  const bob = client(await world.token(BOB))
  const of =
    (model: string, more: object = {}) =>
    () =>
      alice.messages.create(asked({ model, ...more }))
  const own: readonly (readonly [string, () => Promise<unknown>, ErrorClass, number, string, string])[] = [
    [
      'a bad key',
      () => client('x').messages.create(asked()),
      Anthropic.AuthenticationError,
      401,
      'authentication_error',
      'invalid_api_key',
    ],
    [
      'no rule',
      () => bob.messages.create(asked()),
      Anthropic.PermissionDeniedError,
      403,
      'permission_error',
      'policy_denied',
    ],
    ['another model', of('claude-large'), Anthropic.PermissionDeniedError, 403, 'permission_error', 'policy_denied'],
    [
      'a higher limit',
      of('claude-small', { max_tokens: 2000 }),
      Anthropic.PermissionDeniedError,
      403,
      'permission_error',
      'policy_denied',
    ],
    [
      'a hosted tool',
      of('claude-small', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }),
      Anthropic.PermissionDeniedError,
      403,
      'permission_error',
      'policy_denied',
    ],
    [
      'another function',
      of('claude-small', { tools: [{ ...weather, name: 'other' }] }),
      Anthropic.PermissionDeniedError,
      403,
      'permission_error',
      'policy_denied',
    ],
    [
      'an address',
      of('claude-small', {
        messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'http://10.0.0.1/' } }] }],
      }),
      Anthropic.PermissionDeniedError,
      403,
      'permission_error',
      'policy_denied',
    ],
    [
      'a file',
      of('claude-small', {
        messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }] }],
      }),
      Anthropic.NotFoundError,
      404,
      'not_found_error',
      'object_not_found',
    ],
    ['a model of no upstream', of('llama'), Anthropic.NotFoundError, 404, 'not_found_error', 'model_not_found'],
    [
      'a body',
      of('claude-small', { system: 7 }),
      Anthropic.BadRequestError,
      400,
      'invalid_request_error',
      'invalid_body',
    ],
    [
      'another model to fall back to',
      of('claude-small', { fallbacks: [{ model: 'claude-large' }] }),
      Anthropic.BadRequestError,
      400,
      'invalid_request_error',
      'invalid_body',
    ],
    [
      'a batch',
      () => alice.messages.batches.list().then(),
      Anthropic.NotFoundError,
      404,
      'not_found_error',
      'unknown_endpoint',
    ],
    ['its own 401', of('claude-small-401'), Anthropic.InternalServerError, 502, 'api_error', 'upstream_unavailable'],
  ]
  for (const [name, call, kind, status, type, code] of own) {
    const error = await call().then(
      () => null,
      (cause: unknown) => cause,
    )
    t.ok(error instanceof kind, `${name}: ${kind.name}`)
    if (!(error instanceof Anthropic.APIError)) continue
    t.same([error.status, error.type, error.errorCode], [status, type, code], name)
    t.equal((error.error as { request_id?: string }).request_id, error.requestID, `${name}: its id`)
    const decision = await world.proxy.audit.decision(error.requestID ?? '')
    if (status !== 502) t.equal(decision.get('http.response.status_code'), status, `${name}: audited`)
  }
  const theirs = [
    [400, Anthropic.BadRequestError],
    [403, Anthropic.PermissionDeniedError],
    [429, Anthropic.RateLimitError],
    [529, Anthropic.InternalServerError],
  ] as const
  for (const [status, kind] of theirs) {
    const error = await of(`claude-small-${status}`)().then(
      () => null,
      (cause: unknown) => cause,
    )
    t.ok(error instanceof kind || (error instanceof Anthropic.APIError && error.status === status), `${status}`)
    if (!(error instanceof Anthropic.APIError)) continue
    const { complete } = await ended(error.requestID)
    t.same([complete.action, complete.get('http.response.status_code')], ['completion-failed', status], `${status}`)
  }
  await endInOrder(t, world)
})

t.test('a stream that breaks raises an error, and one that said its last word does not', async (t) => {
  const { world, alice, ended } = await openScene(t)
  const rows = [
    ['between two events', 'claude-small-reset', 'api_error', 'completion-failed'],
    ['within one', 'claude-small-cut', null, 'completion-failed'],
    ['after the last word', 'claude-small-late', 'none', 'completion-finished'],
  ] as const
  for (const [name, model, type, action] of rows) {
    const { data: stream, request_id: id } = await alice.messages
      .create(asked({ model, stream: true as const }))
      .withResponse()
    let raised: unknown = 'none'
    try {
      for await (const _ of eventsOf(stream));
    } catch (error) {
      t.ok(error instanceof Anthropic.APIError, `${name}: an error of the SDK`)
      raised = error instanceof Anthropic.APIError ? error.type : error
    }
    t.equal(raised, type, name)
    t.equal((await ended(id)).complete.action, action, `${name}: its event`)
  }
  await endInOrder(t, world)
})

t.test('an API reaches only the upstreams that speak it', async (t) => {
  const { world } = await openScene(t)
  const authorization = `Bearer ${await world.token(ALICE)}`
  const post = async (path: string, model: string) => {
    const headers = { authorization, 'content-type': 'application/json' }
    const answer = await fetch(`${world.proxy.baseUrl}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(asked({ model })),
    })
    const { error } = (await answer.json()) as { error?: { type: string; code: string } }
    return [answer.status, error?.type, error?.code]
  }
  t.same(await post('/messages', 'claude-small'), [200, undefined, undefined])
  t.same(await post('/chat/completions', 'gpt-small'), [200, undefined, undefined])
  const before = world.model.requests.length
  t.same(await post('/messages', 'gpt-small'), [404, 'not_found_error', 'model_not_found'])
  t.same(await post('/chat/completions', 'claude-small'), [404, 'invalid_request_error', 'model_not_found'])
  t.equal(world.model.requests.length, before, 'and no other one got a byte')
  await endInOrder(t, world)
})
