import t from 'tap'
import { noSlapd, person, SUFFIX } from '../../../support/slapd.ts'
import { ldapSettings, openDirectories, startSlapd } from './scene.ts'

const missing = noSlapd()
if (missing !== null) t.plan(0, missing)
else {
  t.test('who signs in', async (t) => {
    const slapd = await startSlapd(t, { [`uid=alice,ou=people,${SUFFIX}`]: person('alice') })
    const { known, why } = openDirectories(t, ldapSettings(slapd.port))
    t.match(await known('alice', 'alice-pw'), { id: `uid=alice,ou=people,${SUFFIX}`, groups: [], issuer: 'corp' })
    t.equal(await why('alice', 'wrong'), 'wrong_password')
  })
}
