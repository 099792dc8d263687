import t from 'tap'
import { noSlapd, person, SUFFIX } from '../../../support/slapd.ts'
import { ldapSettings, openDirectories, startSlapd } from './scene.ts'

const missing = noSlapd()
const at = (uid: string) => `uid=${uid},ou=people,${SUFFIX}`
const policy = (cn: string, more: { readonly [attribute: string]: string }) => ({
  [`cn=${cn},${SUFFIX}`]: { objectClass: ['person', 'pwdPolicy'], cn, sn: cn, pwdAttribute: 'userPassword', ...more },
})
const under = (cn: string, uid: string, changed: string) => ({
  [at(uid)]: person(uid, { pwdPolicySubentry: `cn=${cn},${SUFFIX}`, pwdChangedTime: changed }),
})
const zulu = (ms: number) => `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
const DAY = 86_400_000

if (missing !== null) t.plan(0, missing)
else {
  t.test('the password policy of the directory', async (t) => {
    const slapd = await startSlapd(t, {
      ...policy('lockout', { pwdLockout: 'TRUE', pwdMaxFailure: '2' }),
      ...policy('grace', { pwdMaxAge: '86400', pwdGraceAuthNLimit: '5' }),
      ...policy('strict', { pwdMaxAge: '86400' }),
      ...under('lockout', 'alice', zulu(Date.now())),
      ...under('grace', 'fresh', zulu(Date.now() - DAY / 2)),
      ...under('grace', 'stale', zulu(Date.now() - 2 * DAY)),
      ...under('strict', 'over', zulu(Date.now() - 2 * DAY)),
    })
    const { why } = openDirectories(t, ldapSettings(slapd.port))
    t.equal(await why('fresh', 'fresh-pw'), 'verified', 'a password that is good for a while')
    t.equal(await why('stale', 'stale-pw'), 'password_expired', 'one that the directory takes a last few times')
    t.equal(await why('over', 'over-pw'), 'password_expired', 'one that it does not take any more')
    t.equal(await why('alice', 'alice-pw'), 'verified')
    t.equal(await why('alice', 'wrong-1'), 'wrong_password')
    t.equal(await why('alice', 'wrong-2'), 'wrong_password')
    const another = openDirectories(t, ldapSettings(slapd.port))
    t.equal(
      await another.why('alice', 'alice-pw'),
      'account_locked',
      'locked by the directory, with the right password',
    )
  })
}
