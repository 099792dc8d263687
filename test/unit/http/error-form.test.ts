import t from 'tap'
import { errorForm } from '../../../src/http/error-form.ts'
import { errorBody, FAULTS, faultRow } from '../../../src/http/errors.ts'
import { type FaultCode, fault } from '../../../src/model/fault.ts'

const denied = fault('policy_denied', 'no', { param: 'model' })
const VERSION = ['Anthropic-Version', '2023-06-01']

const targets: readonly (readonly [target: string | undefined, rawHeaders: string[], isAnthropic: boolean])[] = [
  ['/v1/messages', [], true],
  ['/v1/messages?beta=true', [], true],
  ['/v1/messages/count_tokens', [], true],
  ['/v1/messages/anything', [], true],
  ['/v1/messagesx', [], false],
  ['/v1/models', [], false],
  ['/v1/models', VERSION, true],
  ['/v1/models/claude-x', VERSION, true],
  ['/v1/models', ['x', 'anthropic-version'], false],
  ['/v1/moderations', VERSION, false],
  ['/v1/chat/completions', VERSION, false],
  ['http://x/v1/messages', [], false],
  ['', [], false],
  [undefined, [], false],
]
t.test('whose form it is', async (t) => {
  for (const [url, rawHeaders, isAnthropic] of targets) {
    const body = errorForm({ url, rawHeaders }).body(denied, 'req_1')
    t.equal(JSON.parse(body).type === 'error', isAnthropic, `${url} ${rawHeaders}`)
    if (!isAnthropic) t.equal(body, errorBody(denied))
  }
})

const form = errorForm({ url: '/v1/messages', rawHeaders: [] })

t.test('the form of Anthropic’s API', async (t) => {
  t.same(JSON.parse(form.body(denied, 'req_1')), {
    type: 'error',
    error: {
      type: 'permission_error',
      message: 'no',
      code: 'policy_denied',
      param: 'model',
      details: { error_code: 'policy_denied' },
    },
    request_id: 'req_1',
  })
  t.same(form.names('req_1'), ['x-request-id', 'req_1', 'request-id', 'req_1'])
})

t.test('each status has the type that the API gives it', async (t) => {
  const types = new Map<number, string>()
  for (const code of Object.keys(FAULTS) as FaultCode[]) {
    types.set(faultRow(code).status, JSON.parse(form.body(fault(code, 'x'), 'req_1')).error.type)
  }
  t.same(
    [...types].sort(([one], [other]) => one - other),
    [
      ...[400, 405, 408, 415].map((status) => [status, 'invalid_request_error']),
      ...[
        [401, 'authentication_error'],
        [403, 'permission_error'],
        [404, 'not_found_error'],
        [413, 'request_too_large'],
        [429, 'rate_limit_error'],
        [500, 'api_error'],
        [502, 'api_error'],
        [503, 'overloaded_error'],
        [504, 'timeout_error'],
      ],
    ].sort(([one], [other]) => Number(one) - Number(other)),
  )
})

t.test('the end of a stream', async (t) => {
  const body = form.body(denied, 'req_1')
  t.equal(form.lastEvent(denied, 'req_1', false), `event: error\ndata: ${body}\n\n`)
  t.equal(form.lastEvent(denied, 'req_1', true), `\nevent: error\ndata: ${body}\n\n`, 'what is under way becomes it')
})
