import t from 'tap'
import { Provisioned } from '../../../src/identity/provisioned.ts'
import type { Principal, Verification } from '../../../src/model/identity.ts'
import type { ScimMatch, ScimStanding } from '../../../src/model/scim.ts'

const NOW = 1_790_000_000_000
const verified = (id: string, issuer = 'corp', method: Principal['method'] = 'jwt') =>
  ({ outcome: 'verified', cache: 'hit', principal: { id, issuer, method } }) as unknown as Verification

/** A store that answers at once, or later, and can fail. */
function scene(settings: { required?: boolean; match?: ScimMatch } = {}, isLater = false) {
  const told = new Map<string, ScimStanding>([
    ['alice', 'active'],
    ['bob', 'inactive'],
  ])
  const state = { now: NOW, reads: 0, isBroken: false, matches: new Set<string>() }
  const read = (match: ScimMatch, id: string) => {
    state.reads++
    state.matches.add(match)
    if (state.isBroken) throw new Error('disk')
    return told.get(id) ?? 'unknown'
  }
  const gate = new Provisioned(
    { source: 'corp', match: 'userName', required: false, ...settings },
    isLater ? async (match, id) => read(match, id) : read,
    () => state.now,
  )
  const outcome = async (verification: Verification) => {
    const answer = await gate.admit(isLater ? Promise.resolve(verification) : verification)
    return answer.outcome === 'verified' ? 'verified' : answer.reason
  }
  return { told, state, gate, outcome }
}

const rejected: Verification = { outcome: 'rejected', reason: 'expired', method: 'jwt' }
type Row = readonly [name: string, verification: Verification, outcome: string, required: string]
const table: readonly Row[] = [
  ['who is active', verified('alice'), 'verified', 'verified'],
  ['who is disabled', verified('bob'), 'account_disabled', 'account_disabled'],
  ['of whom nothing was told', verified('carol'), 'verified', 'unknown_user'],
  ['who is disabled, of another source', verified('bob', 'other'), 'verified', 'verified'],
  ['a key of who is active', verified('alice', 'api_keys', 'api_key'), 'verified', 'verified'],
  ['a key of who is disabled', verified('bob', 'api_keys', 'api_key'), 'account_disabled', 'account_disabled'],
  ['a key of a service', verified('ci', 'api_keys', 'api_key'), 'verified', 'verified'],
  ['a name of objects', verified('constructor'), 'verified', 'unknown_user'],
  ['what was rejected stays so', rejected, 'expired', 'expired'],
]

for (const isLater of [false, true]) {
  t.test(`who is disabled may not go on: a store that answers ${isLater ? 'later' : 'at once'}`, async (t) => {
    for (const [name, verification, expected, required] of table) {
      t.equal(await scene({}, isLater).outcome(verification), expected, name)
      t.equal(await scene({ required: true }, isLater).outcome(verification), required, `${name}: all must be known`)
    }
  })

  t.test(`a standing is believed for ten seconds: ${isLater ? 'later' : 'at once'}`, async (t) => {
    const { told, state, outcome } = scene({}, isLater)
    t.equal(await outcome(verified('alice')), 'verified')
    told.set('alice', 'inactive')
    state.now += 9999
    t.equal(await outcome(verified('alice')), 'verified')
    t.equal(state.reads, 1)
    state.now += 1
    t.equal(await outcome(verified('alice')), 'account_disabled')
    told.set('alice', 'active')
    state.now += 10_000
    t.equal(await outcome(verified('alice')), 'verified', 'and works again when it is enabled')
    state.now -= 1
    t.equal(await outcome(verified('alice')), 'verified')
    t.equal(state.reads, 4, 'a clock that was set back makes nothing younger')
  })

  t.test(`a store that cannot be read: ${isLater ? 'later' : 'at once'}`, async (t) => {
    const { state, outcome } = scene({}, isLater)
    t.equal(await outcome(verified('alice')), 'verified')
    t.equal(await outcome(verified('bob')), 'account_disabled')
    state.isBroken = true
    state.now += 19_999
    t.equal(await outcome(verified('alice')), 'verified', 'the last word counts for a while')
    t.equal(await outcome(verified('bob')), 'account_disabled')
    t.equal(await outcome(verified('carol')), 'store_unavailable', 'of others nobody can tell')
    state.now += 1
    t.equal(await outcome(verified('alice')), 'store_unavailable')
    t.equal(await outcome(verified('bob', 'other')), 'verified', 'others are no matter of it')
    state.isBroken = false
    t.equal(await outcome(verified('alice')), 'verified')
  })
}

t.test('it is read once, however many wait, and by the attribute that is configured', async (t) => {
  const { state, outcome } = scene({ match: 'externalId' }, true)
  await Promise.all(Array.from({ length: 50 }, () => outcome(verified('alice'))))
  t.equal(state.reads, 1)
  t.same([...state.matches], ['externalId'])
})

t.test('what is remembered is answered at once', async (t) => {
  const { gate, outcome } = scene({}, true)
  await outcome(verified('alice'))
  t.notOk(gate.admit(verified('alice')) instanceof Promise)
})
