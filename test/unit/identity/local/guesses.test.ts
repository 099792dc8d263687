import t from 'tap'
import { type Identity, openIdentity } from '../../../../src/identity/authenticate.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { NOW, open } from '../../stores/store-scene.ts'
import { actions } from '../../stores/store-table.ts'
import { PASSWORD, SETTINGS, scene, user } from './scene.ts'

const ALICE = { source: 'local', account: 'alice' }
const RULE = { most: 20, windowMs: 3_600_000, lockMs: 900_000 }
type Scene = Awaited<ReturnType<typeof scene>>

/** Wrong passwords of Alice's in the store, as other processes have counted them. */
const counted = ({ store }: Scene, times: number) => {
  for (let time = 0; time < times; time++) store.accountFailures.failed(ALICE, NOW, RULE)
}

t.test(
  'after five wrong passwords the next is not looked at, for a user that there is and one that is not',
  async (t) => {
    for (const [name, reason] of [
      ['alice', 'wrong_password'],
      ['nobody', 'unknown_user'],
    ] as const) {
      const { says, verify, reports, clock } = await scene(t)
      for (let guess = 0; guess < 5; guess++) t.equal(await says(name, `guess ${guess}`, `192.0.2.${guess}`), reason)
      const held = { outcome: 'rejected', reason: 'throttled', method: 'local', issuer: 'local', retryAfterSeconds: 1 }
      t.same(await verify(name, PASSWORD, '192.0.2.9'), held, 'not even the right one')
      t.match(reports, [{ kind: 'authentication-throttled', issuer: 'local', scope: 'account', failures: 5 }])
      t.equal(reports[0]?.account, name === 'alice' ? name : undefined, 'a name that nobody has is told nobody')
      clock.now += 1000
      t.equal(await says(name, PASSWORD, '192.0.2.9'), name === 'alice' ? 'verified' : 'unknown_user', 'and then')
    }
  },
)

t.test('whoever writes a name in another way guesses at the same account', async (t) => {
  const { says } = await scene(t)
  const aliases = ['ALICE', 'Alice', 'local\\aLICE', 'local/alic\uff25', '\uff41lice']
  for (const [index, name] of aliases.entries()) t.equal(await says(name, 'guess', `192.0.2.${index}`), 'unknown_user')
  t.equal(await says('alice', PASSWORD, '192.0.2.9'), 'throttled')
  t.equal(await says('bob', PASSWORD, '192.0.2.9'), 'unknown_user', 'the twin')
})

t.test('the twentieth in an hour locks the account in every process, and right ones are refused alike', async (t) => {
  const one = await scene(t)
  const { says, store, process, clock, verify } = one
  counted(one, 18)
  t.equal(await says('alice', 'guess 19'), 'wrong_password')
  t.same(await actions(store), ['user-created alice'])
  t.same(await verify('alice', 'guess 20'), {
    outcome: 'rejected',
    reason: 'account_locked',
    method: 'local',
    issuer: 'local',
  })
  t.same(await actions(store), ['account-locked alice'])
  for (const by of [process(), process(open(t, one.file))])
    t.equal(await says('alice', PASSWORD, '', by), 'account_locked')
  t.equal(await says('nobody', PASSWORD, '', process()), 'unknown_user')
  clock.now += RULE.lockMs
  t.equal(await says('alice', PASSWORD, '', process()), 'verified', 'over by itself')
})

t.test('an operator unlocks it', async (t) => {
  const one = await scene(t)
  counted(one, 20)
  t.equal(await one.says('alice', PASSWORD, '', one.process()), 'account_locked')
  one.store.accountFailures.clear(ALICE)
  t.equal(await one.says('alice', PASSWORD, '', one.process()), 'verified')
})

t.test('of guesses that come at once none is looked at beyond the limit', async (t) => {
  const one = await scene(t)
  const { store, file, process, says } = one
  counted(one, 15)
  // Each process takes five at once.
  const fleet = [process(), process(open(t, file)), process(open(t, file))]
  const tries = fleet.flatMap((by, index) =>
    [0, 1, 2, 3, 4].map((guess) => says('alice', `guess ${index} ${guess}`, `192.0.${index}.${guess}`, by)),
  )
  const answers = await Promise.all(tries)
  t.equal(
    answers.filter((answer) => answer === 'wrong_password').length,
    4,
    'up to the twentieth, which is not one of them',
  )
  t.equal(answers.filter((answer) => answer === 'account_locked').length, 11)
  t.equal((await actions(store)).filter((action) => action.startsWith('account-locked')).length, 1, 'told of once')
})

t.test('right passwords leave nothing that adds up, and take nothing back of what others did', async (t) => {
  const one = await scene(t)
  for (let time = 0; time < 5; time++) t.equal(await one.says('alice', PASSWORD, '', one.process()), 'verified')
  t.equal((await one.store.accountFailures.failed(ALICE, NOW, RULE)).failures, 1)
  counted(one, 17)
  t.equal(await one.says('alice', PASSWORD, '', one.process()), 'verified')
  t.equal((await one.store.accountFailures.failed(ALICE, NOW, RULE)).failures, 19)
})

t.test('a password that was right here lately is no guess: nobody locks its owner out', async (t) => {
  const one = await scene(t)
  const { says, clock, process } = one
  t.equal(await says('alice', PASSWORD), 'verified')
  for (let guess = 0; guess < 5; guess++) await says('alice', `guess ${guess}`, `192.0.2.${guess}`)
  t.equal(await says('alice', 'guess'), 'throttled')
  counted(one, 20)
  t.equal(await says('alice', PASSWORD, '', process()), 'account_locked', 'one who comes for the first time')
  for (const waitMs of [0, 10_000, 610_000]) {
    clock.now += waitMs
    t.equal(await says('alice', PASSWORD), 'verified', `after ${waitMs} ms`)
  }
})

t.test('hashes do not take all of the machine: two guesses at once, some wait, the others are told so', async (t) => {
  const { process, says, verify } = await scene(t)
  const by = process()
  t.equal(await says('alice', PASSWORD, '', by), 'verified')
  // From as many addresses, at as many accounts.
  const flood = Array.from({ length: 90 }, (_, index) => verify(`user-${index}`, 'guess', `10.0.${index}.1`, by))
  const answers = await Promise.all(flood)
  const busy = answers.filter(({ outcome }) => outcome === 'unavailable')
  t.equal(busy.length, 90 - 64 - 2)
  t.match(busy[0], { outcome: 'unavailable', reason: 'busy', retryAfterSeconds: 2 })
  t.equal(answers.filter((one) => one.outcome === 'rejected' && one.reason === 'unknown_user').length, 66)
})

t.test('one sign-in that comes many times at once is one hash, and one attempt', async (t) => {
  const { process, verify, store } = await scene(t)
  const by = process()
  const answers = await Promise.all(Array.from({ length: 200 }, () => verify('alice', PASSWORD, '192.0.2.1', by)))
  t.ok(answers.every(({ outcome }) => outcome === 'verified'))
  const wrong = await Promise.all(Array.from({ length: 200 }, () => verify('alice', 'guess', '192.0.2.1', by)))
  t.ok(wrong.every((one) => one.outcome === 'rejected' && one.reason === 'wrong_password'))
  t.equal((await store.accountFailures.failed(ALICE, NOW, RULE)).failures, 2)
})

t.test('how long a refusal takes tells nothing of the account', async (t) => {
  const one = await scene(t)
  await one.store.users.create(await user('carol', { disabledAt: NOW }))
  await one.store.users.create(await user('dave'))
  for (let time = 0; time < 20; time++)
    one.store.accountFailures.failed({ source: 'local', account: 'dave' }, NOW, RULE)
  // Its timers are those of a server; a process is kept alive by its sockets, and here by this one.
  const alive = setInterval(() => undefined, 1000)
  t.teardown(() => clearInterval(alive))
  const open = () =>
    openIdentity(SETTINGS, { clock: () => NOW, keys: null, accounts: one.store, report: () => undefined })
  const took = async (username: string, password: string) => {
    let least = Number.POSITIVE_INFINITY
    for (let round = 0; round < 3; round++) {
      const identity: Identity = open()
      // What it is compared with where there is nobody is ready.
      await identity.authenticate({ kind: 'basic', username: `x${round}`, password: new Secret('x') }, '')
      const from = performance.now()
      await identity.authenticate({ kind: 'basic', username, password: new Secret(password) }, '')
      least = Math.min(least, performance.now() - from)
      identity.close()
    }
    return least
  }
  const unknown = await took('nobody', 'guess')
  for (const [name, username, password] of [
    ['a wrong password', 'alice', 'guess'],
    ['the right one of a disabled user', 'carol', PASSWORD],
    ['the right one of a locked user', 'dave', PASSWORD],
  ] as const) {
    const ratio = (await took(username, password)) / unknown
    t.ok(ratio > 0.5 && ratio < 2, `${name}: ${ratio.toFixed(2)}`)
  }
})

t.test(
  'a store that another process writes to is asked again, and one that goes on being held is told of',
  async (t) => {
    const one = await scene(t)
    let held = 3
    const failed: typeof one.store.accountFailures.failed = (...args) => {
      if (held-- > 0) throw Object.assign(new Error('held'), { code: 'SQLITE_BUSY' })
      return one.store.accountFailures.failed(...args)
    }
    const forgive: typeof one.store.accountFailures.forgive = (...args) => {
      if (held-- > 0) throw Object.assign(new Error('held'), { code: 'SQLITE_BUSY' })
      return one.store.accountFailures.forgive(...args)
    }
    const accounts = { users: one.store.users, accountFailures: { ...one.store.accountFailures, failed, forgive } }
    t.equal(await one.says('alice', PASSWORD, '', one.process(accounts)), 'verified')
    held = 1000
    t.equal(await one.says('alice', PASSWORD, '', one.process(accounts)), 'store_unavailable')
    t.equal(await one.says('nobody', PASSWORD, '', one.process(accounts)), 'store_unavailable', 'whoever it is')
  },
)

t.test('names that nobody has leave nothing in the store', async (t) => {
  const one = await scene(t)
  for (let index = 0; index < 8; index++) await one.says(`user-${index}`, 'guess', `10.0.${index}.1`)
  t.same(await actions(one.store), ['user-created alice'])
  t.equal(await one.store.accountFailures.purge(Number.MAX_SAFE_INTEGER, NOW), 0, 'not a row')
  await one.says('alice', 'guess')
  t.equal(await one.store.accountFailures.purge(Number.MAX_SAFE_INTEGER, NOW), 1, 'the twin')
})
