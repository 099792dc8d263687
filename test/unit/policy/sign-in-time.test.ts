import t from 'tap'
import type { PolicyInput } from '../../../src/model/decision.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { CONDITIONS } from '../../../src/policy/conditions/index.ts'
import { plain } from '../../property/scale-policies.ts'
import { sources } from '../../support/policies.ts'

/** From 2^31 s until 2^41 ms, seconds are stored more coarsely than milliseconds are told apart. */
const TIMES = [
  ['today', '2026-03-02T12:00:00.000Z'],
  ['the second before 2^31 seconds', '2038-01-19T03:14:07.000Z'],
  ['2^31 seconds', '2038-01-19T03:14:08.000Z'],
  ['the year between', '2038-12-31T23:59:59.000Z'],
  ['the second of 2^41 milliseconds', '2039-09-07T15:47:35.000Z'],
  ['the second after 2^41 milliseconds', '2039-09-07T15:47:36.000Z'],
  ['the last century of dates with four digits', '9999-12-31T23:59:59.000Z'],
] as const

const AGES = ['250ms', '1s', '1500ms', '12h', '90d'] as const
const AGES_MS = [250, 1000, 1500, 43_200_000, 7_776_000_000]

const whole = ['2026-03-02T12:00:00.999Z', '2038-12-31T23:59:59.999Z', '2039-09-07T15:47:35.551Z'].map(Date.parse)

function facts(at: number, authTime: number): PolicyInput {
  return { ...plain, at, principal: { ...plain.principal, mfa: 'yes', authTime } }
}

function fresh(maxAge: string, at: number, authTime: number) {
  return CONDITIONS.mfa.compile({ max_age: maxAge })(facts(at, authTime))
}

/** Every millisecond of the second. */
function* millisecondsOf(time: string): Generator<number> {
  const start = Date.parse(time)
  for (let at = start; at < start + 1000; at++) yield at
}

for (const [sentence, time] of TIMES) {
  t.test(`a sign-in in fractions of a second is as old as it is: ${sentence}`, async (t) => {
    const answers = new Set<string>()
    for (const at of millisecondsOf(time)) {
      for (const [index, maxAge] of AGES.entries()) {
        const age = AGES_MS[index] ?? 0
        const signedIn = [at, at - age + 1, at - age, at - age - 1, at + 1]
        answers.add(signedIn.map((ms) => fresh(maxAge, at, ms / 1000)).join(' '))
      }
    }
    t.same([...answers], ['yes yes yes no unknown'])
  })
}

t.test('a sign-in that an issuer tells in whole seconds is never in the future', async (t) => {
  const answers = whole.map((at) => fresh('1s', at, Math.floor(at / 1000)))
  t.same(answers, ['yes', 'yes', 'yes'])
  t.same(
    whole.map((at) => fresh('1s', at, Math.floor(at / 1000) + 1)),
    ['unknown', 'unknown', 'unknown'],
  )
})

t.test('an explanation tells an age just over a limit from the limit, and the future from now', async (t) => {
  const at = Date.parse('2038-12-31T23:59:59.999Z')
  const got = (authTimeMs: number) => CONDITIONS.mfa.got(facts(at, authTimeMs / 1000), { max_age: '1h' })
  t.same([at - 3_600_000, at - 3_600_001, at, at + 1].map(got), [
    'several factors, 3600s ago',
    'several factors, 3601s ago',
    'several factors, 0s ago',
    'several factors, sign-in time in the future',
  ])
})

const rules = AGES.map((maxAge) => ({
  id: maxAge,
  effect: 'allow',
  models: [maxAge],
  when: { mfa: { max_age: maxAge } },
}))
const { policy } = compilePolicy(sources([{ version: 1, rules }]), { issuers: [], upstreams: [] })

function outcome(model: string, at: number, mfa: 'yes' | 'no') {
  if (policy === null) throw new Error('not compiled')
  const decision = policy.decide({
    ...plain,
    model,
    at,
    principal: { ...plain.principal, method: 'jwt', key: null, mfa, authTime: mfa === 'yes' ? at / 1000 : undefined },
  })
  return decision.effect === 'step_up' ? `step_up ${decision.challenge.maxAgeSeconds}` : decision.effect
}

for (const [sentence, time] of TIMES) {
  t.test(`whoever could sign in again is asked to, and is let in who did just now: ${sentence}`, async (t) => {
    for (const [index, maxAge] of AGES.entries()) {
      const answers = new Set<string>()
      for (const at of millisecondsOf(time)) answers.add(`${outcome(maxAge, at, 'no')}, ${outcome(maxAge, at, 'yes')}`)
      t.same([...answers], [`step_up ${Math.floor((AGES_MS[index] ?? 0) / 1000)}, allow`], maxAge)
    }
  })
}
