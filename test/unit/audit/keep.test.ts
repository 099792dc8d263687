import fc from 'fast-check'
import t from 'tap'
import { FORMATS } from '../../../src/audit/formats/index.ts'
import type { AuditEvent, AuditKeep } from '../../../src/model/audit.ts'
import { events, hostile, long } from '../../fixtures/audit/arbitraries.ts'
import { authorized, finished } from '../../fixtures/audit/events.ts'

const STAMP = { id: '0198c0de-0000-7000-8000-000000000000', sequence: 7 }

for (const format of FORMATS) {
  const render = format.open({ version: '1.4.0' })
  const plainly = (event: AuditEvent) => render(event, STAMP)
  const keeping = (event: AuditEvent, keep: AuditKeep) => render({ ...event, keep }, STAMP)

  t.test(`${format.name}: what is kept of the first event changes no byte of the second`, async (t) => {
    const isSame = (first: AuditEvent, other: AuditEvent) => {
      const keep: AuditKeep = { text: null }
      const { request, principal, policy, upstream, requestBytes, authCache } = first
      const second: AuditEvent = { ...other, request, principal, policy, upstream, requestBytes, authCache }
      return keeping(first, keep) === plainly(first) && keeping(second, keep) === plainly(second)
    }
    fc.assert(fc.property(events(hostile), events(hostile), isSame), { numRuns: 300 })
    fc.assert(fc.property(events(long), events(long), isSame), { numRuns: 30 })
    t.pass()
  })

  const { principal: alice, request, policy, upstream } = authorized
  const changes: readonly (readonly [name: string, change: Partial<AuditEvent>])[] = [
    ['nothing', {}],
    ['the request', { request: request && { ...request, id: 'req_other' } }],
    ['the caller', { principal: alice && { ...alice, id: 'mallory' } }],
    ['the roles', { policy: policy && { ...policy, roles: ['admin'] } }],
    ['the rule', { policy: policy && { ...policy, rule: 'another' } }],
    ['the policy', { policy: policy && { ...policy, ruleset: 'sha256:other' } }],
    ['the upstream', { upstream: upstream && { ...upstream, address: 'us.example.org' } }],
    ['no upstream', { upstream: undefined }],
    ['the size of the body', { requestBytes: 1 }],
    ['how the credential was found', { authCache: 'miss' }],
  ]
  for (const [name, change] of changes) {
    t.test(`${format.name}: what is kept is not said of another event: ${name}`, async (t) => {
      const keep: AuditKeep = { text: null }
      const second: AuditEvent = { ...finished, requestBytes: undefined, authCache: 'hit', ...change }
      keeping(authorized, keep)
      t.not(keep.text, null)
      t.equal(keeping(second, keep), plainly(second))
    })
  }
}
