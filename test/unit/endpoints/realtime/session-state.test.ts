import t from 'tap'
import type { ClientMessage } from '../../../../src/endpoints/realtime/client-message.ts'
import {
  type Configured,
  factsInSession,
  limitedTo,
  SessionState,
} from '../../../../src/endpoints/realtime/session-state.ts'

const set = (more: Partial<Configured>): Configured => ({
  ...{ models: [], functions: [], hosted: [], urls: [], limit: 'unsaid' },
  ...more,
})
const stands = (more: object) => ({ type: 'realtime', model: 'm', ...more })

t.test('what is set adds at once, and goes only when the upstream says so', async (t) => {
  const state = new SessionState()
  t.equal(state.effective.limit, 'none', 'no limit until one is told')
  state.change(set({ functions: ['a'], limit: 10 }), '1')
  t.same([state.effective.functions, state.effective.limit], [['a'], 'none'])
  state.confirm(stands({ tools: [{ type: 'function', name: 'a' }], max_output_tokens: 10 }), true)
  t.same([state.effective.functions, state.effective.limit, state.isPending], [['a'], 10, false])
  state.change(set({ functions: [], limit: 5 }), '2')
  t.same([state.effective.functions, state.effective.limit], [['a'], 10], 'it may be refused')
  state.change(set({ functions: ['b'] }), '3')
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
  state.change(set({ functions: ['a'] }), '1')
  state.confirm(stands({ tools: 'none' }), true)
  t.same([state.effective.functions, state.isPending], [['a'], false], 'though it is an answer')
})

t.test('a change that is refused was never made', async (t) => {
  const state = new SessionState()
  for (const [id, name] of Object.entries({ 1: 'a', 2: 'b', 3: 'c' }))
    state.change(set({ functions: [name] }), id, name)
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
  for (let count = 0; !state.isFull; count++) state.change(set({ functions: [`f${count}`] }), `${count}`)
  t.equal(state.effective.functions.length, 64)
  for (let count = 0; count < 63; count++) state.confirm(stands({}), true)
  t.same([state.effective.functions, state.isFull], [['f63'], false])
  state.confirm(stands({}), true)
  t.same([state.effective.functions, state.isPending], [[], false])
})

t.test('how much output a message asks for', async (t) => {
  const facts = { nestedModels: [], tools: { functions: [], hosted: [] }, urls: [] }
  const rows = [
    ['a response with a limit', 'speaks', 5, 10, 5],
    ['a response without one: that of the session', 'speaks', 'unsaid', 10, 10],
    ['a response without one in a session without one', 'speaks', 'unsaid', 'none', undefined],
    ['a response without end', 'speaks', 'none', 10, undefined],
    ['an update with a limit', 'configures', 5, 'none', 5],
    ['an update that says nothing of it', 'configures', 'unsaid', 'none', 0],
    ['an update to no limit', 'configures', 'none', 10, undefined],
    ['an update that lets the model speak later', 'turns', 'unsaid', 'none', undefined],
    ['the same with a limit', 'turns', 5, 'none', 5],
    ['what makes nobody speak', 'none', 'unsaid', 'none', 0],
  ] as const
  for (const [name, effect, limit, session, asked] of rows) {
    const message = {
      type: '',
      effect,
      turns: (effect as string) === 'turns',
      named: [],
      limit,
      facts,
    } as unknown as ClientMessage
    t.equal(factsInSession(message, set({ limit: session })).maxOutputTokens, asked, name)
  }
})
