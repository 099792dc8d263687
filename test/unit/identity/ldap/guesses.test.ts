import t, { type Test } from 'tap'
import { startScriptedLdap } from '../../../support/ldap-server.ts'
import { SUFFIX } from '../../../support/slapd.ts'
import { ldapSettings, openDirectories } from './scene.ts'

/** Two users whose passwords are their names; `álice` finds the first one, too, as Active Directory would. */
async function scene(t: Test) {
  const dnOf = (name: string) => `uid=${name},ou=people,${SUFFIX}`
  const server = await startScriptedLdap((request) => {
    if (request.kind === 'search') {
      const asked = /^\(uid=(.*)\)$/.exec(request.filter)?.[1] ?? ''
      const name = asked === `#${Buffer.from('álice').toString('hex')}` ? 'alice' : asked.toLowerCase()
      return { entries: name === 'alice' || name === 'bob' ? [{ dn: dnOf(name) }] : [] }
    }
    const isWrong =
      request.kind === 'bind' && ['alice', 'bob'].some((one) => request.dn === dnOf(one) && request.password !== one)
    return isWrong ? { code: 49 } : {}
  })
  t.teardown(() => server.close())
  const directories = openDirectories(t, ldapSettings(server.port), ldapSettings(server.port, { name: 'other' }))
  /** Wrong passwords, each of them another one. */
  let guess = 0
  const fail = (username: string, client: string) => directories.why(username, `guess-${guess++}`, client)
  const fails = async (count: number, username: string, client: string) => {
    for (let index = 0; index < count; index++) await fail(username, `${client}${index}`)
  }
  return { server, ...directories, fail, fails }
}
const asked = ({ server }: Awaited<ReturnType<typeof scene>>) => server.requests.length

t.test(
  'after five wrong passwords nothing is sent to the directory, for an account that there is and one that is not',
  async (t) => {
    for (const [username, reason] of [
      ['alice', 'wrong_password'],
      ['nobody', 'unknown_user'],
    ] as const) {
      const one = await scene(t)
      for (let index = 0; index < 5; index++) t.equal(await one.fail(username, `10.0.0.${index}`), reason)
      const before = asked(one)
      t.match(await one.verify(username, username, '10.0.0.9'), {
        outcome: 'rejected',
        reason: 'throttled',
        retryAfterSeconds: 1,
      })
      t.equal(asked(one), before, `${username}: not even with the right one`)
      one.clock.skipMs += 1000
      t.equal(
        await one.why(username, username, '10.0.0.9'),
        username === 'alice' ? 'verified' : 'unknown_user',
        'and then',
      )
    }
  },
)

t.test('an account is one however it is written', async (t) => {
  const { fails, why } = await scene(t)
  await fails(1, 'alice', '10.0.0.')
  await fails(1, 'ALICE', '10.0.1.')
  await fails(1, ' Alice', '10.0.2.')
  await fails(1, 'corp\\alice', '10.0.3.')
  await fails(1, 'álice', '10.0.4.')
  t.equal(await why('alice', 'alice', '10.0.9.9'), 'throttled')
  t.equal(await why('álice', 'alice', '10.0.9.9'), 'throttled', 'also by a name that has failed once')
  t.equal(await why('bob', 'bob', '10.0.9.9'), 'verified', 'the twin: another one')
  t.equal(await why('other\\alice', 'alice', '10.0.9.9'), 'verified', 'and one of the same name elsewhere')
})

t.test('an address is one whatever it tries', async (t) => {
  const { fail, why } = await scene(t)
  for (const username of ['a', 'b', 'c', 'other\\d', 'other\\e']) await fail(username, '2001:db8:1:2::7')
  t.equal(await why('alice', 'alice', '2001:db8:1:2::8'), 'throttled')
  t.equal(await why('alice', 'alice', '2001:db8:1:3::8'), 'verified', 'the twin: from elsewhere')
})

t.test('whose password was right lately is let in, whoever guesses', async (t) => {
  const { fails, why, clock } = await scene(t)
  t.equal(await why('alice', 'alice', '10.0.0.1'), 'verified')
  clock.skipMs += 3_600_000
  await fails(5, 'alice', '10.0.1.')
  t.equal(await why('alice', 'alice', '10.0.0.1'), 'verified')
  t.equal(await why('Alice', 'alice', '10.0.0.1'), 'throttled', 'the twin: written as it was not before')
})

t.test('each step is told, with the account where there is one', async (t) => {
  const { fails, fail, reports, clock } = await scene(t)
  await fails(5, 'alice', '10.0.0.')
  clock.skipMs += 1000
  await fail('alice', '10.0.0.9')
  const step = { kind: 'authentication-throttled', issuer: 'corp', method: 'ldap', scope: 'account' }
  const account = `uid=alice,ou=people,${SUFFIX}`
  t.same(reports.splice(0), [
    { ...step, failures: 5, waitMs: 1000, client: '10.0.0.4', account },
    { ...step, failures: 6, waitMs: 2000, client: '10.0.0.9', account },
  ])
  await fails(5, 'my-password-in-the-wrong-field', '10.0.1.')
  t.same(
    reports.splice(0),
    [{ ...step, failures: 5, waitMs: 1000, client: '10.0.1.4' }],
    'without a name that nobody has',
  )
  for (const username of ['a', 'b', 'c', 'd', 'e']) await fail(username, '10.9.9.9')
  t.same(reports.splice(0), [{ ...step, scope: 'address', failures: 5, waitMs: 1000, client: '10.9.9.9' }])
})

t.test('how long a refusal takes does not tell whether there is such a user', async (t) => {
  const { fail } = await scene(t)
  for (const username of ['alice', 'nobody']) {
    const from = performance.now()
    await fail(username, '10.0.0.1')
    t.ok(performance.now() - from >= 245, username)
  }
})
