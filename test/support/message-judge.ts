import type { Decision, PolicyInput, RuleId } from '../../src/model/decision.ts'
import type { Principal } from '../../src/model/identity.ts'
import type { Clock } from '../../src/model/ports.ts'
import type { RequestFacts, RequestHead } from '../../src/model/request.ts'
import { Secret } from '../../src/model/secret.ts'
import { MessageJudge, type Opened } from '../../src/pipeline/realtime/message-judge.ts'
import type { ServingUpstream, Snapshot } from '../../src/pipeline/snapshot.ts'

export const SPOKEN = 'gpt-realtime'
export const WRITTEN = 'gpt-4o-transcribe'

const ALLOW: Decision = { effect: 'allow', rule: 'r' as RuleId, reason: 'allowed', roles: [] }
const DENY: Decision = { effect: 'deny', rule: null, reason: 'default_deny', roles: [] }

/** Two models, the function `search`, one host, and at most 1000 tokens at once. */
function decide({ model, tools, urls, maxOutputTokens, storedSettings }: PolicyInput): Decision {
  const holds =
    (model === SPOKEN || model === WRITTEN) &&
    tools.functions.every((name) => name === 'search') &&
    tools.hosted.length === 0 &&
    storedSettings !== true &&
    urls.every((host) => host === 'images.example.org') &&
    maxOutputTokens !== undefined &&
    maxOutputTokens <= 1000
  return holds ? ALLOW : DENY
}

const upstream = {
  settings: { name: 'mock', isolation: 'workspace', apiKey: new Secret('sk-0123456789ab'), region: null, labels: {} },
  serves: () => true,
} as unknown as ServingUpstream

const facts: RequestFacts = {
  operation: 'realtime',
  model: SPOKEN,
  nestedModels: [],
  stream: true,
  maxOutputTokens: 0,
  tools: { functions: [], hosted: [] },
  input: { bytes: 0, images: false, files: false, audio: false },
  urls: [],
  objects: [],
}

/** The judge of one session, with a policy that needs no files. */
export function openJudge(more: Partial<Opened> = {}, clock: Clock = () => 0): MessageJudge {
  const policy = {
    digest: 'sha256:0',
    speaksOfUpstream: false,
    shadow: null,
    decide,
    obligations: () => null,
    resolveModel: (name: string) => (name === 'voice' ? { model: SPOKEN, alias: name } : { model: name, alias: null }),
  }
  const snapshot = { policy, upstreams: [upstream] } as unknown as Snapshot
  const head = { rawHeaders: [], project: undefined, clientIp: undefined } as unknown as RequestHead
  const opened: Opened = {
    head,
    dialect: 'realtime',
    facts,
    model: SPOKEN,
    alias: null,
    obligations: null,
    providerSecret: null,
    joins: false,
    told: null,
    upstream,
    ...more,
  }
  return new MessageJudge(opened, {} as Principal, snapshot, clock)
}
