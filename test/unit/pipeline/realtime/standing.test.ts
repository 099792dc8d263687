import t from 'tap'
import type { Credential, Verification } from '../../../../src/model/identity.ts'
import { Standing } from '../../../../src/pipeline/realtime/standing.ts'
import type { Snapshot } from '../../../../src/pipeline/snapshot.ts'
import { openJudge } from '../../../support/message-judge.ts'

t.test('a check that breaks is thrown where somebody listens', async (t) => {
  const broken = new Error('a bug')
  const asked = Promise.withResolvers<Verification>()
  const judge = openJudge()
  Object.assign(judge, { principal: { expiresAt: null }, adopt: () => null })
  const snapshots = [judge.snapshot, { ...judge.snapshot, authenticate: () => asked.promise } as unknown as Snapshot]
  const standing = new Standing({} as Credential, judge, {
    clock: () => 0,
    current: () => snapshots.at(-1) as Snapshot,
  })
  t.equal(standing.fault(), null, 'it is checked because of the other snapshot')
  asked.reject(broken)
  await new Promise((resolve) => setImmediate(resolve))
  t.throws(() => standing.fault(), broken)
})
