import t from 'tap'
import { errorBody, errorHeaders, FAULTS, faultRow } from '../../../src/http/errors.ts'
import { type FaultCode, fault } from '../../../src/model/fault.ts'

/** Section 4 of the contract and what docs/errors.md adds to it, written down a second time. */
const CONTRACT: readonly (readonly [code: FaultCode, status: number, retry: boolean])[] = [
  ['missing_credentials', 401, true],
  ['ambiguous_credentials', 400, true],
  ['invalid_api_key', 401, true],
  ['step_up_required', 401, true],
  ['policy_denied', 403, false],
  ['model_not_found', 404, true],
  ['object_not_found', 404, true],
  ['unknown_endpoint', 404, true],
  ['method_not_allowed', 405, true],
  ['invalid_request', 400, true],
  ['invalid_body', 400, true],
  ['unsupported_media_type', 415, true],
  ['body_too_large', 413, true],
  ['request_timeout', 408, false],
  ['audit_unavailable', 503, true],
  ['identity_unavailable', 503, true],
  ['objects_unavailable', 503, true],
  ['shutting_down', 503, true],
  ['overloaded', 503, true],
  ['rate_limit_exceeded', 429, true],
  ['upstream_unavailable', 502, true],
  ['upstream_timeout', 504, true],
  ['internal', 500, true],
]
for (const [code, status, retry] of CONTRACT) {
  t.test(`${code} is answered as the contract says`, (t) => {
    t.equal(faultRow(code).status, status)
    t.same(errorHeaders(fault(code, 'm')), retry ? [] : ['x-should-retry', 'false'])
    const body = JSON.parse(errorBody(fault(code, 'what to do', { param: 'model', cause: 'a secret cause' })))
    t.same(body, { error: { message: 'what to do', type: faultRow(code).type, param: 'model', code } })
    t.end()
  })
}

t.test('every fault has its row in the contract', (t) => {
  t.same(Object.keys(FAULTS).sort(), CONTRACT.map(([code]) => code).sort())
  t.end()
})

t.test('headers of a fault follow those of its code', (t) => {
  const headers = errorHeaders(fault('policy_denied', 'm', { headers: ['allow', 'GET'] }))
  t.same(headers, ['x-should-retry', 'false', 'allow', 'GET'])
  t.end()
})
