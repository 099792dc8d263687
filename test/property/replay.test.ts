import fc from 'fast-check'
import t from 'tap'
import { readEvent } from '../../src/analysis/recorded.ts'
import { openReplay } from '../../src/analysis/replay.ts'
import type { Decision } from '../../src/model/decision.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { documentsArbitrary, KNOWN, sources } from '../support/policies.ts'
import { judged, realRequest, recordedLine } from '../support/recorded.ts'
import type { ReferenceDocument } from '../support/reference.ts'
import { anyInputArbitrary } from '../support/requests.ts'

/** `SALLYPORT_CASES=10000000` goes on for as long as it takes. */
const cases = Number(process.env.SALLYPORT_CASES ?? 6_000)
const INPUTS = 20

const requests = fc.array(
  fc
    .tuple(anyInputArbitrary, fc.oneof({ weight: 8, arbitrary: fc.constant([]) }, fc.constant(['gpt-4o'])))
    .filter(([{ model }]) => model !== '')
    .map(([input, nested]) => realRequest(input, nested)),
  { minLength: INPUTS, maxLength: INPUTS, size: 'max' },
)

function compiled(documents: readonly ReferenceDocument[]) {
  const { policy, problems } = compilePolicy(sources(documents), KNOWN)
  if (!policy) throw new Error(`the generated policy has problems: ${JSON.stringify(problems)}`)
  return policy
}

const upstreams = KNOWN.upstreams.map((upstream) => ({ ...upstream, serves: () => true }))
const options = { upstreams, arrivalMs: 0, assumesRoles: false }
const DELAY_MS = 90_000

interface Told {
  readonly sallyport: { request: { [key: string]: unknown }; auth: { [key: string]: unknown }; truncated?: string[] }
}

/** What an event may lack: an older version wrote it, or it had no room. */
const losses: readonly ((event: Told) => unknown)[] = [
  () => undefined,
  ({ sallyport }) => Reflect.deleteProperty(sallyport, 'request'),
  ({ sallyport: { auth } }) => {
    // Only API keys carry roles of their own.
    if (auth.roles !== undefined && auth.method !== 'api_key') return
    for (const key of ['mfa', 'acr', 'auth_time', 'roles', 'workspaces', 'unclear']) delete auth[key]
  },
  ({ sallyport }) => {
    sallyport.truncated = ['user.group.name', 'user.id', 'user.roles', 'sallyport.auth.roles']
  },
  ({ sallyport: { request } }) => {
    request.omitted = ['functions', 'models', 'project', 'hosts'].filter((key) => delete request[key])
  },
]

function lessened(line: string, index: number): string {
  const event = JSON.parse(line)
  losses[index % losses.length]?.(event)
  return JSON.stringify(event)
}

/** The effect that the replay is certain of; null where it says that it cannot tell. */
function effectNow(line: string, replay: ReturnType<typeof openReplay>, was: Decision): string | null {
  const read = readEvent(JSON.parse(line))
  if (read.kind !== 'request') throw new Error(`read as ${read.kind}`)
  const { change, reason } = replay(read.request)
  if (change === 'cannot_tell') return null
  if (change === 'unchanged') return was.effect
  if (reason === 'denied_or_step_up') return 'refused'
  return { newly_allowed: 'allow', newly_denied: 'deny', newly_stepped_up: 'step_up' }[change]
}

t.test(`what a replay is certain of is what the policy decides, on ${cases} cases`, async (t) => {
  const seen = { same: 0, other: 0, open: 0 }
  fc.assert(
    fc.property(documentsArbitrary, documentsArbitrary, requests, fc.nat(DELAY_MS), (before, after, asked, delayMs) => {
      const old = compiled(before)
      const present = compiled(after)
      const replay = openReplay({ ...options, arrivalMs: DELAY_MS, policy: { ...present, digest: 'present' } })
      for (const [index, request] of asked.entries()) {
        const was = judged(old, request, KNOWN.upstreams)
        const now = judged(present, request, KNOWN.upstreams)
        const line = lessened(recordedLine(request, was, { ruleset: 'old', delayMs }), index)
        const told = effectNow(line, replay, was)
        if (told === null) seen.open++
        else if (told === 'refused' ? now.effect === 'allow' : told !== now.effect) {
          throw new Error(`told ${told}, and it is ${now.effect} by ${now.rule}: ${line}`)
        } else seen[now.effect === was.effect ? 'same' : 'other']++
      }
    }),
    { numRuns: Math.ceil(cases / INPUTS), verbose: 1, interruptAfterTimeLimit: 3_600_000 },
  )
  t.comment(JSON.stringify(seen))
  const total = seen.same + seen.other + seen.open
  t.ok(seen.other > total / 20, 'many are decided differently')
  t.ok(seen.open < total / 2, 'most can be told, although claims and headers cannot')
})

t.test('under the very policy that decided, nothing is new and everything can be told', async (t) => {
  fc.assert(
    fc.property(documentsArbitrary, requests, fc.boolean(), (documents, asked, isNamed) => {
      const policy = compiled(documents)
      // By its digest, and then without the help of it: only what cannot be told may be open then.
      const digest = isNamed ? policy.digest : 'another'
      const replay = openReplay({ ...options, policy: { ...policy, digest } })
      for (const request of asked) {
        const was = judged(policy, request, KNOWN.upstreams)
        const read = readEvent(JSON.parse(recordedLine(request, was, { ruleset: policy.digest })))
        if (read.kind !== 'request') throw new Error(`read as ${read.kind}`)
        const { change, rule } = replay(read.request)
        if (isNamed ? change !== 'unchanged' : change !== 'unchanged' && change !== 'cannot_tell') {
          throw new Error(`${change} by ${rule}`)
        }
      }
    }),
    { numRuns: Math.ceil(cases / INPUTS / 4), verbose: 1 },
  )
  t.pass()
})

/** The same policy, and it never asks what no event records. */
function withoutUnrecorded(documents: readonly ReferenceDocument[]): ReferenceDocument[] {
  const text = JSON.stringify(documents, (key, value) => {
    if (key === 'members') return value.map((member: object) => ('claim' in member ? { issuer: 'corp' } : member))
    if (key !== 'when') return value
    const { claim, header, ...rest } = value
    return Object.keys(rest).length === 0 ? undefined : rest
  })
  return JSON.parse(text)
}

t.test('without claims and headers in its rules, every request can be told', async (t) => {
  let told = 0
  fc.assert(
    fc.property(documentsArbitrary, documentsArbitrary, requests, (before, after, asked) => {
      const old = compiled(before)
      const present = compiled(withoutUnrecorded(after))
      const replay = openReplay({ ...options, policy: { ...present, digest: 'present' } })
      for (const request of asked) {
        // A fact that the proxy itself could not tell is not told apart from one that was not recorded.
        if (request.principal.groups === undefined || request.principal.workspaces === undefined) continue
        const was = judged(old, request, KNOWN.upstreams)
        const now = judged(present, request, KNOWN.upstreams).effect
        const line = recordedLine(request, was, { ruleset: 'old' })
        if (effectNow(line, replay, was) !== now) throw new Error(`it is ${now}`)
        told++
      }
    }),
    { numRuns: Math.ceil(cases / INPUTS) },
  )
  t.comment(`${told} requests`)
  t.ok(told > cases / 10)
})
