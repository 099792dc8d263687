import { route } from '../../src/endpoints/route.ts'
import type { Decision, PolicyInput, RuleId } from '../../src/model/decision.ts'
import type { Principal } from '../../src/model/identity.ts'
import type { RequestHead } from '../../src/model/request.ts'
import { BatchJudge } from '../../src/pipeline/batch-judge.ts'
import { judged } from '../../src/pipeline/prepare.ts'
import type { ServingUpstream, Snapshot } from '../../src/pipeline/snapshot.ts'
import type { Trail } from '../../src/pipeline/trail.ts'
import { openKeyRing } from '../../src/shape/seal.ts'
import { NOW, storedKey } from './sealing.ts'

const CAROL = { issuer: 'corp', id: 'carol' } as unknown as Principal
const HEAD = { rawHeaders: [], project: undefined, clientIp: undefined } as unknown as RequestHead

/** A few models, the function `search` and one host; the larger model only on the second upstream, or with more proof. */
function decide({ model, tools, urls, upstream }: PolicyInput): Decision {
  const standing = { roles: [], workspace: 'research' }
  const holds =
    (model === 'm' || model === 'large') &&
    tools.functions.every((name) => name === 'search') &&
    tools.hosted.length === 0 &&
    urls.every((host) => host === 'a.example')
  const rule = 'r' as RuleId
  if (!holds) return { effect: 'deny', rule: null, reason: 'default_deny', ...standing }
  if (model === 'large' && upstream?.name === 'one') {
    const challenge = { acrValues: ['gold'], maxAgeSeconds: null }
    return { effect: 'step_up', rule, reason: 'step_up_required', challenge, ...standing }
  }
  return { effect: 'allow', rule, reason: 'allowed', ...standing }
}

function upstream(name: string): ServingUpstream {
  const settings = { name, isolation: 'workspace', apiKey: null, kind: 'openai', region: null, labels: {} }
  return { settings, basePath: '/v1', serves: () => true } as unknown as ServingUpstream
}

const ring = openKeyRing([storedKey('aaaaaa')], NOW)

/** With a policy that needs no files: an alias, and a transform that caps the output. */
function snapshotOf(names: readonly string[]): Snapshot {
  const policy = {
    digest: 'sha256:0',
    speaksOfUpstream: true,
    shadow: null,
    decide,
    obligations: () => ({ names: ['transform:t'], set: { max_output_tokens: 100 }, prepend: null }),
    resolveModel: (name: string) => (name === 'fast' ? { model: 'm', alias: name } : { model: name, alias: null }),
  }
  return { policy, upstreams: names.map(upstream), keyRing: () => ring } as unknown as Snapshot
}

export function openBatchJudge(upstreams: readonly string[] = ['one', 'two']): BatchJudge {
  return new BatchJudge({ head: HEAD, principal: CAROL, snapshot: snapshotOf(upstreams), at: NOW })
}

/** The same request by itself: the body that it is sent with, or the code of its refusal. */
export function alone(url: string, body: string, upstreams: readonly string[] = ['one', 'two']) {
  const found = route('POST', url)
  if (!found.ok) throw new Error(`${url} is in no table`)
  const trail = { startedAt: NOW, described: none, decided: none, obliged: none } as unknown as Trail
  const prepared = judged(HEAD, CAROL, found.value, Buffer.from(body), snapshotOf(upstreams), trail)
  if (!prepared.ok) return prepared.fault.code
  if (prepared.value.by !== 'upstream') throw new Error('a request of a batch is not answered here')
  const { request, upstream } = prepared.value
  return { sent: String(request.body), upstream: upstream.settings.name }
}

const none = () => undefined
