import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { mintOf } from '../../../src/endpoints/realtime/mints.ts'
import type { Decision, RuleId } from '../../../src/model/decision.ts'
import type { Principal } from '../../../src/model/identity.ts'
import { openedBy, SPELLED_OPERATIONS } from '../../../src/model/operations.ts'
import type { RequestHead } from '../../../src/model/request.ts'
import { Secret } from '../../../src/model/secret.ts'
import { policyInput } from '../../../src/pipeline/judge.ts'
import { minted } from '../../../src/pipeline/minting.ts'
import type { ServingUpstream, Snapshot } from '../../../src/pipeline/snapshot.ts'
import type { Trail } from '../../../src/pipeline/trail.ts'
import { type KeyRing, openKeyRing } from '../../../src/shape/seal.ts'
import { openSessionSecret } from '../../../src/shape/session-secret.ts'
import { NOW, storedKey } from '../../support/sealing.ts'

const ALLOW: Decision = { effect: 'allow', rule: 'r' as RuleId, reason: 'allowed', roles: [] }
const ring = openKeyRing([storedKey('aaaaaa')], NOW)
const OPERATION = 'realtime.client_secrets.create'

/** What comes of a request by somebody with this header, where everything is allowed. */
function mintedBy(authorization: string, keys: KeyRing | null = ring, claims: object = {}, more: object = {}) {
  const endpoint = ENDPOINTS.find(({ operation }) => operation === OPERATION)
  const mint = mintOf(OPERATION)
  const body = parseJsonBody(Buffer.from('{"session":{"model":"m"}}'))
  if (!endpoint || !mint || !body.ok) throw new Error('not there')
  const facts = endpoint.describe(body.value, {})
  if (!facts.ok) throw new Error(facts.fault.message)
  const upstream = {
    settings: { name: 'us', url: 'https://us.example/v1', kind: 'openai', isolation: 'workspace', apiKey: null },
    basePath: '/v1',
    serves: () => true,
  } as unknown as ServingUpstream
  const policy = { speaksOfUpstream: false, shadow: null, decide: () => ALLOW, obligations: () => null }
  const settings = { apiKeys: { enabled: true }, upstreams: [], mtls: {} }
  const snapshot = { policy, settings, upstreams: [upstream], keyRing: () => keys } as unknown as Snapshot
  const rawHeaders = authorization === '' ? [] : ['authorization', authorization]
  const head = { rawHeaders, method: 'POST', target: endpoint.path, ...more } as unknown as RequestHead
  const found = { endpoint, parameters: {}, path: endpoint.path, query: '', objects: [] }
  const input = policyInput({ claims } as unknown as Principal, head, facts.value, 'm', NOW)
  const asked = { head, found, mint, body: body.value, facts: facts.value, input, alias: null, expiresAt: null }
  return minted(asked, snapshot, { decided: () => undefined } as unknown as Trail)
}

const provider = { providerSecret: new Secret('ek_0123456789abc'), told: null, expiresAt: NOW + 1000 }

t.test('a secret holds the credential by which it was asked for, whatever that is', async (t) => {
  const basic = Buffer.from('bob:pass:word').toString('base64')
  for (const [header, shown] of [
    ['Bearer token-1', { kind: 'token', place: 'authorization', token: 'token-1' }],
    [`Basic ${basic}`, { kind: 'basic', username: 'bob', password: 'pass:word' }],
  ] as const) {
    const made = mintedBy(header)
    if (!made.ok) throw new Error(made.fault.message)
    const secret = made.value.minting.seal(provider)
    const grant = openSessionSecret(ring, secret?.reveal() ?? '', NOW)
    const { credential } = grant ?? { credential: null }
    const said = credential?.kind === 'basic' ? { password: credential.password.reveal() } : {}
    const token = credential?.kind === 'token' ? { token: credential.token.reveal() } : {}
    t.same({ ...credential, ...said, ...token }, shown)
    t.match(grant, { operation: 'realtime', model: 'm', upstream: { name: 'us', url: 'https://us.example/v1' } })
    t.equal(openSessionSecret(ring, secret?.reveal() ?? '', NOW + 1000), null, 'until it ends')
    t.equal(made.value.request.path, '/v1/realtime/client_secrets')
  }
})

t.test('what keeps one from being made', async (t) => {
  const code = (made: ReturnType<typeof mintedBy>) => (made.ok ? null : made.fault.code)
  t.equal(code(mintedBy('Bearer x')), null)
  t.equal(code(mintedBy('Bearer x', null)), 'objects_unavailable', 'keys that cannot be read')
  t.equal(code(mintedBy(`Bearer ${'x'.repeat(4900)}`)), null)
  t.equal(code(mintedBy(`Bearer ${'x'.repeat(6000)}`)), 'invalid_request', 'a long credential')
})

t.test('every operation that makes a secret, or a call, says what that opens, and no other one does', async (t) => {
  for (const operation of SPELLED_OPERATIONS) {
    const opens = operation === 'realtime.calls.create' ? 'realtime' : (mintOf(operation)?.opens ?? null)
    t.equal(openedBy(operation), opens, operation)
  }
  t.equal(openedBy('constructor'), null)
})

t.test('what cannot be presented again stands behind no secret', (t) => {
  t.ok(mintedBy('Bearer token-1').ok)
  const fault = { code: 'invalid_request', param: 'authorization' }
  t.match(mintedBy('Bearer token-1', ring, { cnf: { jkt: 'x'.repeat(43) } }), { ok: false, fault }, 'a bound token')
  t.match(mintedBy('', ring, {}, { certificate: {} }), { ok: false, fault }, 'a client certificate')
  t.end()
})
