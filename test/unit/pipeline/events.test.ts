import t from 'tap'
import type { Fault } from '../../../src/model/fault.ts'
import { fault } from '../../../src/model/fault.ts'
import type { RequestHead } from '../../../src/model/request.ts'
import {
  auditRequest,
  blotted,
  blottedFacts,
  completion,
  decisionOf,
  type Ending,
  measured,
  named,
} from '../../../src/pipeline/events.ts'

const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'

function head(more: Partial<RequestHead>): RequestHead {
  return {
    id: 'req_1',
    method: 'POST',
    target: '/v1/chat/completions',
    httpVersion: '1.1',
    rawHeaders: [],
    contentType: undefined,
    contentEncoding: undefined,
    contentLength: undefined,
    hasBody: false,
    userAgent: undefined,
    traceparent: undefined,
    project: undefined,
    clientIp: undefined,
    clientPort: undefined,
    forwardedFor: undefined,
    ...more,
  }
}

const paths: readonly (readonly [name: string, target: string, path: string])[] = [
  ['a plain path stands as it is', '/v1/models', '/v1/models'],
  ['a query is left out', '/v1/models?api_key=secret', '/v1/models'],
  ['a fragment is left out', '/v1/models#token', '/v1/models'],
  ['an absolute form loses scheme, userinfo and host', 'http://user:pass@host.example/v1/models', '/v1/models'],
  ['an authority form with userinfo is left out whole', 'user:pass@host:443', ''],
  ['an escaped path stays escaped', '/v1/models/a%2Fb', '/v1/models/a%2Fb'],
  ['a token in the path is blotted out, whatever stands before it', `/v1/x${JWT}`, '/v1/x[secret]'],
  ['a key whose letters are escaped', '/v1/%73p_0123456789abcdef', '/v1/[secret]'],
  ['a token whose dots are escaped', `/v1/models/${JWT.replaceAll('.', '%2E')}`, '/v1/models/[secret]'],
  ['a token in the path is blotted out', `/v1/files/${JWT}`, '/v1/files/[secret]'],
  ['a long path is cut at 512 characters', `/${'a'.repeat(2000)}`, `/${'a'.repeat(511)}`],
]
for (const [name, target, path] of paths) {
  t.test(name, async (t) => t.equal(auditRequest(head({ target }), null, null, null, null).path, path))
}

const traces: readonly (readonly [name: string, traceparent: string, traceId: string | undefined])[] = [
  ['a trace context is taken', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 'a'.repeat(32)],
  ['a trace id of zeros is not one', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`, undefined],
  ['a span id of zeros is not one', `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`, undefined],
  ['an upper-case trace id is not one', `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`, undefined],
  ['another version is not read', `01-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, undefined],
]
for (const [name, traceparent, traceId] of traces) {
  t.test(name, async (t) => t.equal(auditRequest(head({ traceparent }), null, null, null, null).traceId, traceId))
}

t.test('what is absent is not a member', async (t) => {
  t.same(auditRequest(head({}), null, null, null, null), {
    id: 'req_1',
    method: 'POST',
    path: '/v1/chat/completions',
    httpVersion: '1.1',
  })
})

const texts: readonly (readonly [name: string, text: string, said: string])[] = [
  ['a JWT', `model ${JWT}!`, 'model [secret]!'],
  ['a JWT without a signature', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', '[secret]'],
  ['a key of ours', 'x sp_0123456789abcdef', 'x [secret]'],
  ["a provider's key", 'sk-proj-0123456789abcdef', '[secret]'],
  ['a key of ours behind other letters', 'gpt-xsp_0123456789abcdef', 'gpt-x[secret]'],
  ['a basic value in small letters', 'basic dXNlcjpwYXNzd29yZA==', '[secret]'],
  ['a Bearer value', 'Bearer abcdefgh12345678', '[secret]'],
  ['a model name', 'ft:gpt-4o-mini:acme:suffix:id', 'ft:gpt-4o-mini:acme:suffix:id'],
  ['a name with sk in it', 'task-force-model-12345678', 'task-force-model-12345678'],
]
for (const [name, text, said] of texts) t.test(`blotted: ${name}`, async (t) => t.equal(blotted(text), said))

const verdicts: readonly (readonly [code: Fault['code'], verdict: 'deny' | 'error'])[] = [
  ['policy_denied', 'deny'],
  ['invalid_api_key', 'deny'],
  ['body_too_large', 'deny'],
  ['audit_unavailable', 'error'],
  ['identity_unavailable', 'error'],
  ['internal', 'error'],
]
for (const [code, verdict] of verdicts) {
  t.test(`${code} is ${verdict}`, async (t) => t.equal(decisionOf(fault(code, 'x')), verdict))
}

const ending = (more: Partial<Ending>): Ending => ({
  outcome: 'answered',
  status: 200,
  facts: {},
  firstByteAt: 1,
  ...more,
})
const slow = fault('upstream_timeout', 'x', { reason: 'upstream_timeout' })
const endings: readonly (readonly [
  name: string,
  ending: Ending,
  status: number,
  expected: readonly (string | null)[],
])[] = [
  ['an answer is finished', ending({}), 200, ['completion-finished', null, 'success']],
  [
    'an answer cut by its token limit is truncated',
    ending({ facts: { finishReasons: ['stop', 'length'] } }),
    200,
    ['completion-truncated', 'length', 'success'],
  ],
  ["an upstream's 4xx", ending({}), 429, ['completion-failed', 'upstream_4xx', 'failure']],
  ["an upstream's 5xx", ending({}), 500, ['completion-failed', 'upstream_5xx', 'failure']],
  [
    'no answer in time',
    ending({ outcome: 'failed', fault: slow }),
    504,
    ['completion-failed', 'upstream_timeout', 'failure'],
  ],
  ['a broken answer', ending({ outcome: 'broken' }), 200, ['completion-failed', 'bad_stream', 'failure']],
  ['a client that left', ending({ outcome: 'client_gone' }), 200, ['completion-aborted', 'client_closed', 'unknown']],
]
for (const [name, end, status, expected] of endings) {
  t.test(name, async (t) => {
    const { action, reason, outcome } = completion(end, status)
    t.same([action, reason, outcome], expected)
  })
}

t.test('what an answer tells is cleared of credentials, and is the same object where there was none', async (t) => {
  const clean = { responseId: 'chatcmpl-1', responseModel: 'gpt-4o', finishReasons: ['stop'] }
  t.equal(blottedFacts(clean), clean)
  t.same(blottedFacts({ usage: { inputTokens: 1 }, responseModel: `gpt-${JWT}`, finishReasons: [JWT] }), {
    usage: { inputTokens: 1 },
    responseModel: 'gpt-[secret]',
    finishReasons: ['[secret]'],
  })
})

t.test('metrics tell an upstream that fails from an answer', async (t) => {
  t.equal(measured(ending({}), 200), 'allowed')
  t.equal(measured(ending({}), 404), 'upstream_4xx')
  t.equal(measured(ending({}), 503), 'upstream_5xx')
  t.equal(measured(ending({ outcome: 'failed', fault: slow }), 504), 'upstream_timeout')
  t.equal(measured(ending({ outcome: 'client_gone' }), 200), 'client_gone')
})

t.test('an error names the code of the library and never its message', async (t) => {
  const broken = fault('upstream_unavailable', 'the upstream broke off', { cause: 'ECONNRESET' })
  t.same(named(broken), { type: 'upstream_unavailable', message: 'the upstream broke off', code: 'ECONNRESET' })
  t.same(named(fault('internal', 'x', { cause: new Error('secret') })), { type: 'internal', message: 'x' })
})
