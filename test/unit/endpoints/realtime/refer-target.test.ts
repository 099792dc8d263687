import t from 'tap'
import { openDraft } from '../../../../src/endpoints/draft.ts'
import { readTarget } from '../../../../src/endpoints/realtime/refer-target.ts'

const table = [
  ['sip:agent@example.org', 'example.org'],
  ['sips:agent@Example.org:5061', 'example.org'],
  ['sip:example.org', 'example.org'],
  ['tel:+14155550123', null],
  ['https://example.org', null],
  ['sip:agent@example.org;transport=udp', null],
  ['sip:agent@example.org?Route=x', null],
  ['sip:a@b@example.org', null],
  ['SIP:agent@example.org', null],
  ['sip:agent@example.org\r\nx', null],
  [['sip:example.org'], null],
] as const

t.test('a call is sent on to a host that rules can speak of', async (t) => {
  for (const [target, host] of table) {
    const draft = openDraft()
    readTarget(draft, target as never)
    t.same(
      [[...(draft.urls ?? [])], draft.problem?.code],
      host === null ? [[], 'invalid_body'] : [[host], undefined],
      String(target),
    )
  }
})
