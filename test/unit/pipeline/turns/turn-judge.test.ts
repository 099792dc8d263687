import t from 'tap'
import type { AuditEvent } from '../../../../src/model/audit.ts'
import type { Decision, RuleId } from '../../../../src/model/decision.ts'
import type { Principal } from '../../../../src/model/identity.ts'
import type { RequestFacts, RequestHead } from '../../../../src/model/request.ts'
import { BodyBudget } from '../../../../src/pipeline/body-budget.ts'
import type { ServingUpstream, Snapshot } from '../../../../src/pipeline/snapshot.ts'
import { TurnJudge } from '../../../../src/pipeline/turns/turn-judge.ts'
import { type KeyRing, openKeyRing } from '../../../../src/shape/seal.ts'
import { NOW, sealed, sealerOf, storedKey } from '../../../support/sealing.ts'

const facts: RequestFacts = {
  ...{ operation: 'responses.connect', model: null, nestedModels: [], stream: true, maxOutputTokens: 0, urls: [] },
  tools: { functions: [], hosted: [] },
  input: { bytes: 0, images: false, files: false, audio: false },
  objects: [],
}
const shared = {
  settings: { name: 'mock', kind: 'openai', isolation: 'off', region: null, labels: {} },
  ...{ address: '127.0.0.1', port: 1, serves: (model: string) => model === 'm' },
} as unknown as ServingUpstream
const other = { ...shared, serves: (model: string) => model === 'other' }
const ALLOW: Extract<Decision, { effect: 'allow' }> = {
  effect: 'allow',
  rule: 'r' as RuleId,
  reason: 'allowed',
  roles: [],
  workspace: 'w',
}
const DENY: Decision = { effect: 'deny', rule: null, reason: 'default_deny', roles: [], workspace: 'w' }

const apart = { ...shared, settings: { ...shared.settings, isolation: 'workspace' } } as ServingUpstream
const ring = openKeyRing([storedKey('aaaaaa')], NOW)

function open(decision: () => Decision = () => ALLOW, upstream = shared, keys: KeyRing | null = null) {
  const policy = {
    ...{ digest: 'sha256:0', speaksOfUpstream: false, shadow: null, decide: decision, obligations: () => null },
    resolveModel: (model: string) => ({ model, alias: null }),
  }
  const snapshot = { policy, upstreams: [upstream, other], keyRing: () => keys } as unknown as Snapshot
  const head = { id: 'req_1', method: 'GET', target: '/v1/responses', rawHeaders: [] } as unknown as RequestHead
  const events: AuditEvent[] = []
  const commits: ((accepted: boolean) => void)[] = []
  const audit = {
    writable: true,
    append: (event: AuditEvent) => void events.push(event),
    commit: (event: AuditEvent, answered: (accepted: boolean) => void) => {
      events.push(event)
      commits.push(answered)
    },
  }
  const bodies = new BodyBudget(1024, 1024)
  const ports = { audit, clock: () => 0, statusOf: () => 400, bodies }
  const judge = new TurnJudge({ head, facts, upstream }, { id: 'alice' } as Principal, snapshot, ports)
  return { judge, snapshot, events, commits, bodies, actions: () => events.map(({ action }) => action) }
}
const create = (more: object = {}) => Buffer.from(JSON.stringify({ type: 'response.create', model: 'm', ...more }))

t.test('a message goes on when its event is written, and not before', async (t) => {
  const { judge, commits, actions } = open()
  let settled = 0
  judge.onSettled = () => settled++
  const message = create()
  t.same(judge.judge(message, false), { outcome: 'waits' })
  t.same(judge.judge(message, false), { outcome: 'waits' }, 'however often it is asked')
  t.same([settled, commits.length], [0, 1], 'one event')
  commits[0]?.(true)
  t.equal(settled, 1)
  t.same(judge.judge(message, false), { outcome: 'passed', text: message.toString() })
  t.same(actions(), ['message-authorized'])
})

t.test('a message whose event cannot be written ends the connection', async (t) => {
  const { judge, commits, actions } = open()
  const message = create()
  judge.judge(message, false)
  commits[0]?.(false)
  t.match(judge.judge(message, false), { outcome: 'ends', fault: { code: 'audit_unavailable' } })
  judge.ended({ outcome: 'broken', status: 101, facts: {}, firstByteAt: 0 })
  t.same(actions(), ['message-authorized'], 'and nothing ends that did not begin')
})

t.test('what another upstream serves is said to be elsewhere', async (t) => {
  const { judge } = open()
  t.match(judge.judge(create({ model: 'other' }), false), {
    outcome: 'refused',
    fault: { code: 'model_not_found', message: /this connection/ },
  })
  t.match(judge.judge(create({ model: 'nobody’s' }), false), {
    fault: { code: 'model_not_found', message: /does not exist/ },
  })
})

t.test('a reload decides the opening again', async (t) => {
  let decision: Decision = ALLOW
  const { judge, snapshot } = open(() => decision)
  t.equal(judge.adopt(snapshot), null)
  t.match(judge.adopt({ ...snapshot, upstreams: [other] }), { code: 'upstream_unavailable' }, 'its upstream is gone')
  decision = { ...ALLOW, workspace: 'another' }
  t.match(judge.adopt(snapshot), { code: 'policy_denied', reason: 'policy_changed' }, 'its workspace is another one')
  decision = DENY
  t.match(judge.adopt(snapshot), { code: 'policy_denied', reason: 'default_deny' }, 'it is denied')
})

t.test('what is under way when the connection ends is told of', async (t) => {
  for (const [name, leave, outcome, expected] of [
    ['the client leaves', () => undefined, 'client_gone', ['unknown', 'client_closed']],
    ['the client says goodbye', () => undefined, 'answered', ['unknown', 'client_closed']],
    [
      'the upstream says goodbye',
      (judge: TurnJudge) => judge.upstreamLeft(),
      'answered',
      ['failure', 'upstream_closed'],
    ],
  ] as const) {
    const { judge, commits, events } = open()
    judge.judge(create(), false)
    commits[0]?.(true)
    leave(judge)
    judge.ended({ outcome, status: 101, facts: {}, firstByteAt: 0 })
    const last = events.at(-1)
    t.same([last?.action, last?.outcome, last?.reason], ['message-finished', ...expected], name)
  }
})

t.test('what the upstream breaks off in loses nothing', async (t) => {
  const { judge, commits } = open(undefined, apart, ring)
  const message = create()
  judge.judge(message, false)
  commits[0]?.(true)
  t.match(judge.judge(message, false), { outcome: 'passed' })
  const annotation = { type: 'container_file_citation', file_id: 'cfile_1', filename: 'report.csv' }
  const event = JSON.stringify({ type: 'response.output_text.annotation.added', annotation })
  const heard = (text: string) => String(judge.hear(Buffer.from(text)).text)
  t.match(heard(event), /"cfile_1\.sp1[\w-]{28}","filename":"report\.csv"}}$/)
  for (let length = 1; length <= event.length; length++) {
    const cut = event.slice(0, length)
    t.equal(heard(cut).replace(/\.sp1[\w-]{28}/, ''), cut)
  }
})

t.test('a message whose event is written when the connection is over ends, too', async (t) => {
  for (const [accepted, expected] of [
    [true, ['message-authorized', 'message-finished']],
    [false, ['message-authorized']],
  ] as const) {
    const { judge, commits, actions } = open()
    judge.judge(create(), false)
    judge.ended({ outcome: 'client_gone', status: 101, facts: {}, firstByteAt: 0 })
    commits[0]?.(accepted)
    t.same(actions(), expected, accepted ? 'written' : 'not written')
  }
})

t.test('ids that are kept until a response is over count as its caller’s', async (t) => {
  const sealer = sealerOf({ upstream: 'mock', scope: { kind: 'workspace', workspace: 'w' } })
  const { judge, commits, bodies } = open(() => ALLOW, apart, ring)
  let asked = 0
  const ask = () => {
    const id = `resp_${++asked}`
    const message = create({ previous_response_id: sealed(id, sealer) })
    const judged = judge.judge(message, false)
    if (judged.outcome !== 'waits') return judged
    commits.at(-1)?.(true)
    return judge.judge(message, false)
  }
  while (ask().outcome === 'passed' && asked < 64);
  t.ok(asked > 2 && asked < 10, `${asked} of them`)
  t.ok(bodies.heldBytes > 512, `${bodies.heldBytes} bytes`)
  t.match(ask(), { outcome: 'refused', fault: { code: 'rate_limit_exceeded', reason: 'body_budget' } })
  judge.hear(Buffer.from('{"type":"response.completed","response":{"id":"resp_9"}}'))
  t.match(ask(), { outcome: 'passed' }, 'until a response is over')
  judge.ended({ outcome: 'answered', status: 101, facts: {}, firstByteAt: 0 })
  t.equal(bodies.heldBytes, 0)
})

t.test('no message makes it throw', async (t) => {
  const { judge } = open()
  const bodies = [
    '',
    '{',
    'null',
    '[]',
    '{}',
    '{"type":{}}',
    '{"type":"response.create","__proto__":{"model":"x"}}',
    '\ufeff{}',
  ]
  for (const body of bodies) t.doesNotThrow(() => judge.judge(Buffer.from(body), false), body)
  t.doesNotThrow(() => judge.judge(Buffer.from([0xff, 0xfe]), true))
  t.doesNotThrow(() => judge.hear(Buffer.from([0xff, 0xfe, 0x7b])))
})
