import t from 'tap'
import type { ClientMessage } from '../../../../src/endpoints/realtime/client-message.ts'
import { type Configured, limitedTo, NOTHING, settingsOf } from '../../../../src/endpoints/realtime/configured.ts'
import { factsInSession, SessionState } from '../../../../src/endpoints/realtime/session-state.ts'
import type { JsonObject } from '../../../../src/model/json.ts'

const set = (more: Partial<Configured>): Configured => ({ ...NOTHING, ...more })
const tools = (...names: string[]) => names.map((name) => ({ type: 'function', name }))
const asked = (functions: readonly string[], limit?: number) =>
  settingsOf({ tools: tools(...functions), ...(limit === undefined ? {} : { max_output_tokens: limit }) })
const stands = (more: object): JsonObject => ({ type: 'realtime', id: 'sess_1', model: 'm', tools: [], ...more })

t.test('what is set adds at once, and goes only when the upstream says so', async (t) => {
  const state = new SessionState()
  t.equal(state.effective.limit, 'none', 'no limit until one is told')
  state.change(asked(['a'], 10), '1')
  t.same([state.effective.functions, state.effective.limit], [['a'], 'none'])
  state.confirm(stands({ tools: [{ type: 'function', name: 'a' }], max_output_tokens: 10 }), true)
  t.same([state.effective.functions, state.effective.limit, state.isPending], [['a'], 10, false])
  state.change(asked([], 5), '2')
  t.same([state.effective.functions, state.effective.limit], [['a'], 10], 'it may be refused')
  state.change(asked(['b']), '3')
  state.confirm(stands({ tools: [], max_output_tokens: 5 }), true)
  t.same([state.effective.functions, state.effective.limit], [['b'], 5], 'the other one is not answered')
})

t.test('a session that is told unasked answers nothing', async (t) => {
  const state = new SessionState()
  state.change(limitedTo(10), '1')
  state.confirm(stands({ max_output_tokens: 'inf' }), false)
  t.same([state.isPending, state.effective.limit], [true, 'none'])
})

t.test('a session that cannot be read takes nothing away', async (t) => {
  const state = new SessionState()
  state.change(asked(['a']), '1')
  state.confirm(stands({ tools: 'none' }), true)
  t.same([state.effective.functions, state.isPending], [['a'], false], 'though it is an answer')
})

t.test('a change that is refused was never made', async (t) => {
  const state = new SessionState()
  for (const [id, name] of Object.entries({ 1: 'a', 2: 'b', 3: 'c' })) state.change(asked([name]), id, name)
  t.equal(state.refuse('of something else'), null)
  t.same(state.effective.functions, ['a', 'b', 'c'])
  t.match(state.refuse('2'), { clientId: 'b' })
  t.equal(state.refuse('2'), null, 'once')
  t.same(state.effective.functions, ['a', 'c'])
  state.confirm(stands({}), true)
  t.same(state.effective.functions, ['c'], 'the next answer is that of the first one')
  state.confirm(stands({}), true)
  t.same([state.effective.functions, state.isPending], [[], false])
})

t.test('each change is answered for itself, and so many may wait', async (t) => {
  const state = new SessionState()
  for (let count = 0; !state.isFull; count++) state.change(asked([`f${count}`]), `${count}`)
  t.equal(state.effective.functions.length, 64)
  for (let count = 0; count < 63; count++) state.confirm(stands({}), true)
  t.same([state.effective.functions, state.isFull], [['f63'], false])
  state.confirm(stands({}), true)
  t.same([state.effective.functions, state.isPending], [[], false])
})

t.test('a session that is told in part keeps what is left out', async (t) => {
  const rows = [
    ['nothing', {}, ['a'], ['w'], 10, 'unasked', true],
    ['only the tools', { tools: tools('b') }, ['b'], ['w'], 10, 'unasked', true],
    ['only the limit', { max_output_tokens: 7 }, ['a'], ['w'], 7, 'unasked', true],
    ['the limit as in the beta', { max_response_output_tokens: 7 }, ['a'], ['w'], 7, 'unasked', true],
    [
      'half of what is heard',
      { audio: { input: { format: 'x' }, output: { voice: 'v' } } },
      ['a'],
      ['w'],
      10,
      'unasked',
      true,
    ],
    ['sound that is null', { audio: { input: null } }, ['a'], ['w'], 10, 'unasked', true],
    ['no transcription any more', { audio: { input: { transcription: null } } }, ['a'], [], 10, 'unasked', true],
    ['no turns any more', { audio: { input: { turn_detection: null } } }, ['a'], ['w'], 10, 'asked', true],
    ['no prompt any more', { prompt: null }, ['a'], ['w'], 10, 'unasked', false],
    ['a member that cannot be read', { tools: 'none', max_output_tokens: 7 }, ['a'], ['w'], 7, 'unasked', true],
    ['a limit by another name', { max_output_tokens: 7, max_tokens: 9 }, ['a'], ['w'], 10, 'unasked', true],
  ] as const
  const whole = stands({
    tools: tools('a'),
    max_output_tokens: 10,
    prompt: { id: 'pmpt_1' },
    audio: { input: { transcription: { model: 'w' }, turn_detection: { type: 'server_vad' } } },
  })
  for (const [name, told, functions, models, limit, turns, stored] of rows) {
    const state = new SessionState()
    state.confirm(whole, false)
    state.confirm(told as unknown as JsonObject, true)
    t.match(state.effective, { functions, models, limit, turns, stored }, name)
    t.same([state.effective.functions.length, state.effective.models.length], [functions.length, models.length], name)
  }
})

t.test('what an answer leaves out of its change may have been made', async (t) => {
  const state = new SessionState()
  state.confirm(stands({ max_output_tokens: 10 }), false)
  state.change(settingsOf({ tools: tools('a'), prompt: { id: 'pmpt_1' }, max_output_tokens: 'inf' }), '1')
  state.confirm({ speed: 2 }, true)
  t.match(state.effective, { functions: ['a'], stored: true, limit: 'none' })
  state.change(settingsOf({ tools: tools('b') }), '2')
  state.confirm({ tools: tools('b') }, true)
  t.same(state.effective.functions, ['b'], 'a member that it tells stands as it is told')
})

t.test('what cannot be kept of a session is not forgotten', async (t) => {
  const many = new SessionState()
  for (let at = 0; at < 300; at++) many.confirm({ [`place_${at}`]: { url: `https://h${at}.example/` } }, false)
  t.same([many.effective.urls.length < 300, many.effective.stored], [true, true])
  const long = new SessionState()
  for (let at = 0; at < 5; at++) {
    long.change(settingsOf({ tools: tools(...Array.from({ length: 1000 }, (_, to) => `f${at}_${to}`)) }), `${at}`)
    long.confirm({}, true)
  }
  t.same([long.effective.functions.length <= 4096, long.effective.stored], [true, true])
})

t.test('whether a session speaks unasked', async (t) => {
  const rows = [
    ['null', null, 'asked'],
    ['by what it hears', { type: 'server_vad' }, 'unasked'],
    ['by what it understands', { type: 'semantic_vad', create_response: true }, 'unasked'],
    ['it only tells of turns', { type: 'server_vad', create_response: false }, 'asked'],
    ['after a silence', { type: 'server_vad', create_response: false, idle_timeout_ms: 5000 }, 'unasked'],
    ['in another spelling', { type: 'server_vad', create_response: false, Create_Response: true }, 'unasked'],
    ['in no known way', 'server_vad', 'unasked'],
  ] as const
  for (const [name, turn_detection, turns] of rows) {
    for (const session of [{ turn_detection }, { audio: { input: { turn_detection } } }]) {
      const state = new SessionState()
      state.confirm(session as unknown as JsonObject, false)
      t.equal(state.effective.turns, turns, name)
    }
  }
})

t.test('how much output a message asks for', async (t) => {
  const facts = { nestedModels: [], tools: { functions: [], hosted: [] }, urls: [] }
  const rows = [
    ['a response with a limit', 'speaks', 'unsaid', 5, 10, 5, 10],
    ['a response without one: that of the session', 'speaks', 'unsaid', 'unsaid', 10, 10, 10],
    ['a response without one in a session without one', 'speaks', 'unsaid', 'unsaid', 'none', undefined, undefined],
    ['a response without end', 'speaks', 'unsaid', 'none', 10, undefined, undefined],
    ['an update with a limit', 'configures', 'unsaid', 5, 'none', 5, 5],
    ['an update that says nothing of it', 'configures', 'unsaid', 'unsaid', 'none', 0, undefined],
    ['an update to no limit', 'configures', 'unsaid', 'none', 10, undefined, undefined],
    ['an update that lets the model speak later', 'configures', 'unasked', 'unsaid', 'none', undefined, undefined],
    ['the same with a limit', 'configures', 'unasked', 5, 'none', 5, 5],
    ['an update that lets it speak no more', 'configures', 'asked', 'unsaid', 'none', 0, 0],
    ['an item', 'adds', 'unsaid', 'unsaid', 'none', 0, undefined],
    ['an item in a session with a limit', 'adds', 'unsaid', 'unsaid', 10, 0, 10],
    ['what takes something back', 'none', 'unsaid', 'unsaid', 'none', 0, 0],
  ] as const
  for (const [name, effect, turns, limit, session, quiet, speaking] of rows) {
    const message = { type: '', effect, turns, named: [], limit, facts } as unknown as ClientMessage
    const askedIn = (how: Configured['turns']) => factsInSession(message, set({ limit: session, turns: how }))
    t.equal(askedIn('asked').maxOutputTokens, quiet, name)
    t.equal(askedIn('unasked').maxOutputTokens, speaking, `${name}, in a session that speaks unasked`)
  }
})

t.test('something stored in the session counts for each message', async (t) => {
  const facts = { nestedModels: [], tools: { functions: [], hosted: [] }, urls: [], storedSettings: false }
  const message = { type: '', effect: 'adds', turns: 'unsaid', named: [], limit: 'unsaid', facts }
  for (const stored of [true, false]) {
    t.equal(factsInSession(message as unknown as ClientMessage, set({ stored })).storedSettings, stored)
  }
})
