import t from 'tap'
import { fault } from '../../../../src/model/fault.ts'
import { openSession as open } from '../../../support/session-scene.ts'

const CLEAR = { type: 'input_audio_buffer.clear' }

t.test('neither side is read faster than the other one takes', async (t) => {
  const { client, upstream, ending } = open()
  upstream.fullSince = 0
  client.says(CLEAR)
  t.same([client.isPaused, upstream.sent.length], [true, 1])
  upstream.fullSince = Number.POSITIVE_INFINITY
  upstream.onDrain?.()
  t.equal(client.isPaused, false)
  client.fullSince = 0
  upstream.says({ type: 'response.output_text.delta', delta: 'x' })
  t.equal(upstream.isPaused, true)
  client.fullSince = Number.POSITIVE_INFINITY
  client.onDrain?.()
  t.equal(upstream.isPaused, false)
  client.leave(1000)
  t.match(await ending, { outcome: 'answered', session: { status: 101 } })
  t.equal(upstream.closedWith, 1000)
})

t.test('what ends a session ends it before the message goes on', async (t) => {
  const rows = [
    ['the audit cannot be written', { audited: false }, 1013, 'audit_unavailable'],
    ['the caller may not have it any more', { lost: fault('policy_denied', 'no') }, 1008, 'policy_denied'],
  ] as const
  for (const [name, change, code, told] of rows) {
    const { client, upstream, state, ending } = open()
    Object.assign(state, change)
    client.says(CLEAR)
    t.same([upstream.sent, client.closedWith], [[], code], name)
    t.match(JSON.parse(client.sent[0] ?? ''), { type: 'error', error: { code: told } }, name)
    t.match(await ending, { outcome: 'broken', fault: { code: told } }, name)
  }
})

t.test('a session in which only the upstream speaks ends with the audit, too', async (t) => {
  const { client, upstream, state, ending } = open()
  upstream.says({ type: 'response.output_text.delta', delta: 'x' })
  Object.assign(state, { audited: false })
  t.match(await ending, { outcome: 'broken', fault: { code: 'audit_unavailable' } })
  t.equal(client.closedWith, 1013)
})

t.test('a message waits for the answer to a change before it', async (t) => {
  const { client, upstream, state, ending } = open()
  const update = { type: 'session.update', session: { max_output_tokens: 10 } }
  for (const message of [update, { type: 'response.create' }, CLEAR]) client.says(message)
  t.same([upstream.sent.length, client.isPaused, state.refused], [1, true, 0])
  upstream.says({ type: 'session.updated', session: { max_output_tokens: 10 } })
  t.same(upstream.sent.slice(1), ['{"type":"response.create"}', JSON.stringify(CLEAR)], 'in order')
  t.equal(client.isPaused, false)
  client.leave(1006)
  t.match(await ending, { outcome: 'client_gone' })
})

const idOf = (text: string | undefined) => (JSON.parse(text ?? '{}') as { event_id?: string }).event_id

t.test('and is refused where the upstream refuses the change, and not for another error', async (t) => {
  const rows = [
    ['with a name of its own', { event_id: 'mine' }, 'mine'],
    ['without one', {}, null],
  ] as const
  for (const [name, more, told] of rows) {
    const { client, upstream, state, ending } = open()
    client.says({ type: 'session.update', session: { max_output_tokens: 10 }, ...more })
    client.says({ type: 'response.create' })
    const id = idOf(upstream.sent[0])
    t.notSame(id, told, name)
    for (const event_id of ['mine', null]) upstream.says({ type: 'error', error: { event_id } })
    t.same([upstream.sent.length, state.refused, client.isPaused], [1, 0, true], `${name}: it waits`)
    upstream.says({ type: 'error', error: { code: 'invalid_value', event_id: id } })
    t.same([upstream.sent.length, state.refused, client.isPaused], [1, 1, false], name)
    t.same(JSON.parse(client.sent[2] ?? ''), { type: 'error', error: { code: 'invalid_value', event_id: told } }, name)
    client.says({ type: 'session.update', session: { max_output_tokens: 20 } })
    upstream.says({ type: 'session.updated', session: { max_output_tokens: 20 } })
    client.says({ type: 'response.create' })
    t.same([upstream.sent.length, client.isPaused], [3, false], `${name}: nothing of it is left`)
    client.leave(1000)
    await ending
  }
})

t.test('each update has one name that the client cannot give', async (t) => {
  const rows = [
    ['none', '{"type":"session.update","session":{}}'],
    ['a text', '{"event_id":"a","type":"session.update","session":{}}'],
    ['an escaped key', '{"event\\u005fid":"a","type":"session.update","session":{}}'],
    ['null', '{"type":"session.update","session":{},"event_id":null}'],
  ] as const
  for (const [name, update] of rows) {
    const { client, upstream } = open()
    client.says(update)
    const sent = upstream.sent[0] ?? ''
    t.match(idOf(sent), /^event_[0-9a-f]{32}$/, name)
    t.same([sent.split('event_id').length + sent.split('u005f').length, sent.includes('"a"')], [3, false], name)
    client.leave(1000)
  }
})

t.test("the provider's key does not come back", async (t) => {
  const { client, upstream, ending } = open()
  upstream.says('{"type":"error","error":{"message":"sk-0123456789ab"}}')
  t.equal(client.sent[0], '{"type":"error","error":{"message":"***************"}}')
  client.leave(1000)
  await ending
})

t.test('how a session ended', async (t) => {
  const rows = [
    [
      'the client broke the protocol',
      (ends: ReturnType<typeof open>) => ends.client.leave(1006, true),
      'broken',
      'invalid_request',
    ],
    ['the client left', (ends: ReturnType<typeof open>) => ends.client.leave(1006), 'client_gone', undefined],
    ['the upstream said goodbye', (ends: ReturnType<typeof open>) => ends.upstream.leave(1000), 'answered', undefined],
    [
      'the upstream closed in anger',
      (ends: ReturnType<typeof open>) => ends.upstream.leave(4000),
      'broken',
      'upstream_unavailable',
    ],
    [
      'the upstream broke off',
      (ends: ReturnType<typeof open>) => ends.upstream.leave(1006),
      'broken',
      'upstream_unavailable',
    ],
  ] as const
  for (const [name, end, outcome, code] of rows) {
    const ends = open()
    end(ends)
    const ending = await ends.ending
    t.same([ending.outcome, ending.fault?.code], [outcome, code], name)
  }
})

t.test('a bug ends the session that meets it, and nothing else', async (t) => {
  const broken = new Error('a bug')
  const fail = () => {
    throw broken
  }
  const rows: readonly (readonly [string, (ends: ReturnType<typeof open>) => void])[] = [
    [
      'in a message of the client',
      ({ client, state }) => {
        Object.defineProperty(state, 'audited', { get: fail })
        client.says(CLEAR)
      },
    ],
    [
      'in a message of the upstream',
      ({ client, upstream }) => {
        client.pause = client.send = fail
        upstream.says({ type: 'response.output_text.delta' })
      },
    ],
    [
      'where the client takes more',
      ({ client, upstream }) => {
        upstream.resume = fail
        client.onDrain?.()
      },
    ],
    [
      'where the upstream takes more',
      ({ client, upstream }) => {
        client.resume = fail
        upstream.onDrain?.()
      },
    ],
    [
      'as the client leaves',
      ({ client, upstream }) => {
        upstream.close = fail
        client.leave(1000)
      },
    ],
    [
      'as the upstream leaves',
      ({ client, upstream }) => {
        client.close = fail
        upstream.leave(1000)
      },
    ],
    [
      'as the proxy ends it',
      ({ client, session }) => {
        client.send = fail
        session.end(fault('shutting_down', 'no'))
      },
    ],
  ]
  for (const [name, meet] of rows) {
    const ends = open()
    t.doesNotThrow(() => meet(ends), name)
    const ending = await ends.ending
    t.ok(ends.state.bugs.includes(broken), `${name}: it is told of`)
    t.same([ends.client.onClose, ends.upstream.onClose], [null, null], `${name}: both ends are closed`)
    if (ending.outcome === 'broken') t.ok(ending.fault, name)
  }
})

t.test('a bug that comes with the clock is the same', async (t) => {
  const { client, state, ending } = open()
  Object.defineProperty(state, 'lost', {
    get: () => {
      throw new Error('a bug')
    },
  })
  t.match(await ending, { outcome: 'broken', fault: { code: 'internal' } })
  t.same([client.closedWith, state.bugs.length], [1011, 1])
  t.match(JSON.parse(client.sent[0] ?? ''), { type: 'error', error: { code: 'internal' } })
})
