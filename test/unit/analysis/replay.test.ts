import t from 'tap'
import { readEvent } from '../../../src/analysis/recorded.ts'
import { openReplay } from '../../../src/analysis/replay.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { ALLOWED, DENIED, event } from '../../support/recorded-traffic.ts'

const RULE = { id: 'mornings', effect: 'allow', operations: ['chat'] }
const MORNING = { time: { from: '07:00', to: '08:00', zone: 'UTC' } }

function changeOf(when: object | null, line: string, rule: object = RULE): string {
  const document = { version: 1, rules: [{ ...rule, ...(when && { when }) }] } as never
  const { policy } = compilePolicy([{ name: 'p', document, digest: 'd' }], { issuers: ['corp'], upstreams: [] })
  if (!policy) throw new Error('the policy has problems')
  const upstreams = [{ name: 'u', region: undefined, labels: {}, serves: () => true }]
  const read = readEvent(JSON.parse(line))
  if (read.kind !== 'request') throw new Error(read.kind)
  return openReplay({ policy, upstreams, arrivalMs: 120_000, assumesRoles: false })(read.request).change
}

const at = (time: string) => Date.parse(`2026-03-02T${time}Z`)
const weak = { mfa: 'no' } as const
const fresh = { mfa: 'yes', authTime: at('07:29:00') / 1000 } as const

/** Each request beside its twin that differs in one fact. */
const rows: readonly (readonly [string, object, string, string])[] = [
  ['well within its time', MORNING, event({ at: at('07:30:00') }), 'unchanged'],
  ['so soon that it may have come before', MORNING, event({ at: at('07:00:30') }), 'cannot_tell'],
  ['so late that it may have come in time', MORNING, event({ at: at('08:01:00') }), 'cannot_tell'],
  ['later than any of these', MORNING, event({ at: at('08:03:00') }), 'newly_denied'],
  ['a step-up in time', { ...MORNING, mfa: true }, event({ at: at('07:30:00'), principal: weak }), 'newly_stepped_up'],
  [
    'one that may have come before, refused in either case',
    { ...MORNING, mfa: true },
    event({ at: at('07:00:30'), principal: weak }),
    'newly_denied',
  ],
  [
    'the same, and it was denied',
    { ...MORNING, mfa: true },
    event({ at: at('07:00:30'), principal: weak, was: DENIED }),
    'cannot_tell',
  ],
  ['a fresh sign-in', { mfa: { max_age: '3m' } }, event({ at: at('07:31:30'), principal: fresh }), 'unchanged'],
  [
    'one that may have been too old',
    { mfa: { max_age: '2m' } },
    event({ at: at('07:31:30'), principal: fresh, was: ALLOWED }),
    'cannot_tell',
  ],
]
for (const [name, when, line, change] of rows) t.test(name, async (t) => t.equal(changeOf(when, line), change))

t.test('a request for a secret is decided by what the secret opens, too', async (t) => {
  const operation = 'realtime.client_secrets.create'
  const grants = (...operations: string[]) => ({ id: 'voice', effect: 'allow', operations })
  const asked = event({ operation, stream: false })
  t.equal(changeOf(null, asked, grants(operation, 'realtime')), 'unchanged')
  t.equal(changeOf(null, asked, grants(operation)), 'newly_denied')
  t.equal(changeOf(null, event({ operation, stream: false, was: DENIED }), grants(operation)), 'unchanged')
})
