import t from 'tap'
import type { AuditEvent } from '../../../src/model/audit.ts'
import { logoutRefusals } from '../../../src/serving/logout-refusals.ts'
import { pageRequest } from '../identity/device/scene.ts'

const NOW = 1_790_000_000_000

t.test('a refused logout token is told of, and a flood of them is not', async (t) => {
  const events: AuditEvent[] = []
  const refused = logoutRefusals({ append: (event) => void events.push(event) })
  const from = (client: string, now = NOW) => pageRequest(now, '/auth/oidc/corp/logout', { logout_token: 'x' }, client)
  refused('corp', 'bad_signature', from('192.0.2.1'))
  t.match(events, [{ action: 'logout-refused', reason: 'bad_signature', authIssuer: 'corp' }])
  t.match(events[0]?.request, { id: 'req-1', clientIp: '192.0.2.1' })
  for (let count = 0; count < 50; count++) refused('corp', 'bad_signature', from('192.0.2.1'))
  t.equal(events.length, 10)
  refused('corp', 'expired', from('192.0.2.2'))
  t.equal(events.length, 11, 'of another address')
  for (let host = 1; host < 50; host++) refused('corp', 'expired', from(`2001:db8::${host.toString(16)}`))
  t.equal(events.length, 21, 'a network of IPv6 is one')
  refused('corp', 'expired', from('192.0.2.1', NOW + 600_000))
  t.equal(events.length, 22, 'and later again')
})
