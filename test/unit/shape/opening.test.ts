import t from 'tap'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { route } from '../../../src/endpoints/route.ts'
import type { Obligations } from '../../../src/model/transforms.ts'
import { openBody } from '../../../src/shape/open-body.ts'
import { shapeRequest } from '../../../src/shape/request.ts'
import { sealed, sealerOf } from '../../support/sealing.ts'

/** What goes upstream of a response, its ids opened. */
function sent(written: object, obligations: Obligations | null, alias: string | null = null): unknown {
  const found = route('POST', '/v1/responses')
  const parsed = parseJsonBody(Buffer.from(JSON.stringify(written)))
  if (!found.ok || !parsed.ok) throw new Error('no request')
  const body = parsed.value
  const facts = found.value.endpoint.describe(body, found.value.parameters)
  if (!facts.ok) throw new Error(facts.fault.message)
  const opened = openBody(body.text, { noted: facts.value.objects, isStrict: true }, sealerOf().open)
  if (!opened.ok) throw new Error(opened.fault.key)
  const rest = { obligations, basePath: '/v1', apiKey: null, messageHead: null, opening: opened.value }
  const request = shapeRequest({ route: found.value, body, facts: facts.value, model: 'm', alias, ...rest })
  return JSON.parse(String(request.body))
}

const id = sealed('resp_1')
const items = [{ type: 'message', role: 'user', content: 'x', id: sealed('msg_1') }]
const asked = { model: 'a', previous_response_id: id, instructions: 'x', input: items }
const opened = { ...asked, previous_response_id: 'resp_1', input: [{ ...items[0], id: 'msg_1' }] }

t.test('ids are opened beside whatever else is changed', async (t) => {
  t.same(sent(asked, null), opened)
  t.same(sent(asked, null, 'a'), { ...opened, model: 'm' }, 'an alias')
  const capped: Obligations = { names: ['transform:a'], set: { max_output_tokens: 9 }, prepend: null }
  t.same(sent(asked, capped), { ...opened, max_output_tokens: 9 }, 'a cap')
  const told: Obligations = { names: ['transform:a'], set: {}, prepend: 'Be kind.' }
  t.match(sent(asked, told), { previous_response_id: 'resp_1', instructions: /^Be kind\.\s+x$/ }, 'a system text')
})
