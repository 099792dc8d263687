import { mock } from 'node:test'
import t from 'tap'
import { type Fault, fault } from '../../../../src/model/fault.ts'
import { type CallLimits, CallSupervision } from '../../../../src/pipeline/calls/supervision.ts'
import type { Standing } from '../../../../src/pipeline/realtime/standing.ts'
import { openJudge, SPOKEN } from '../../../support/message-judge.ts'
import { FakeEnd } from '../../../support/session-scene.ts'

const LIMITS: CallLimits = { upstreamMs: 60_000, totalMs: 60_000 }
const SESSION = { type: 'realtime', model: SPOKEN, max_output_tokens: 500 }
const created = (session: object) => ({ type: 'session.created', session })
const expired = fault('invalid_api_key', 'over', { reason: 'expired' })
const broken = new Error('a bug')
const fail = () => {
  throw broken
}

/** A call that is listened to; `tick`: a second later. */
function listen(limits: Partial<CallLimits> = {}) {
  mock.timers.enable({ apis: ['setInterval'] })
  const socket = new FakeEnd()
  const state = { lost: null as Fault | null, audited: true, pings: 0, bugs: [] as unknown[] }
  socket.ping = () => {
    state.pings++
  }
  const standing = { tick: () => state.lost, again: () => null }
  const bounds = { ...LIMITS, ...limits }
  const supervision = new CallSupervision(socket, openJudge({ joins: true }), standing as unknown as Standing, bounds, {
    isAuditWritable: () => state.audited,
    bug: (cause) => state.bugs.push(cause),
  })
  const over = { isOver: false }
  const ending = supervision.run().finally(() => Object.assign(over, { isOver: true }))
  return { socket, state, standing, supervision, ending, over, tick: () => mock.timers.tick(1000) }
}

t.afterEach(() => mock.timers.reset())

type Call = ReturnType<typeof listen>
type Row = readonly [name: string, happens: (call: Call) => void, reason: string, limits?: Partial<CallLimits>]

const rows: readonly Row[] = [
  ['its caller may not have it any longer', ({ state }) => Object.assign(state, { lost: expired }), 'expired'],
  ['no event can be written', ({ state }) => Object.assign(state, { audited: false }), 'audit_unavailable'],
  ['it has lasted as long as one may', () => undefined, 'session_too_long', { totalMs: 0 }],
  [
    'the upstream is silent',
    ({ socket }) => Object.assign(socket, { heardAt: performance.now() - 3000 }),
    'upstream_timeout',
    { upstreamMs: 1 },
  ],
  ['the connection is lost', ({ socket }) => socket.leave(1006), 'upstream_reset'],
  ['the upstream closes with an error', ({ socket }) => socket.leave(1011), 'upstream_closed'],
  ['the upstream sends bytes', ({ socket }) => socket.onMessage?.(Buffer.from('{}'), true), 'bad_stream'],
  ['it is one of another model', ({ socket }) => socket.says(created({ ...SESSION, model: 'x' })), 'model_not_allowed'],
  ['it has no limit', ({ socket }) => socket.says(created({ ...SESSION, max_output_tokens: 'inf' })), 'default_deny'],
  ['too much waits to be read', ({ socket }) => socket.onExcess?.(fault('overloaded', 'full')), 'overloaded'],
  ['the proxy stops', ({ supervision }) => supervision.end(fault('shutting_down', 'bye')), 'shutting_down'],
  ['the proxy meets a bug', ({ standing }) => Object.assign(standing, { tick: fail }), 'internal'],
]

t.test('a call ends, for the reason that its event has', async (t) => {
  for (const [name, happens, reason, limits] of rows) {
    const call = listen(limits)
    happens(call)
    call.tick()
    const { outcome, fault: ended } = await call.ending
    t.same([outcome, ended?.reason ?? ended?.code], ['broken', reason], name)
    t.same(call.state.bugs, reason === 'internal' ? [broken] : [], name)
    t.same(call.socket.sent, [], `${name}: the proxy says nothing in it`)
    mock.timers.reset()
  }
})

t.test('a call goes on while nothing of that happens, and ends in order when the upstream says goodbye', async (t) => {
  const call = listen({ upstreamMs: 0 })
  call.socket.says(created(SESSION))
  call.tick()
  call.tick()
  await new Promise((resolve) => setImmediate(resolve))
  t.same([call.over.isOver, call.state.pings], [false, 2], 'the upstream is asked whether it is there')
  call.socket.leave(1000)
  t.match(await call.ending, { outcome: 'answered', fault: undefined })
  call.tick()
  t.equal(call.state.pings, 2, 'and nothing is asked of it then')
})
