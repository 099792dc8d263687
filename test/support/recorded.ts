/** Decisions as a running proxy writes them down: the pipeline's own judgement in the audit format's own words. */
import { ecs } from '../../src/audit/formats/ecs.ts'
import type { AuditEvent, AuditRequest } from '../../src/model/audit.ts'
import type { Decision, PolicyInput, UpstreamFacts } from '../../src/model/decision.ts'
import type { Principal } from '../../src/model/identity.ts'
import { MODEL_OPERATIONS } from '../../src/model/operations.ts'
import { askedOf } from '../../src/pipeline/asked.ts'
import { blotted } from '../../src/pipeline/events.ts'
import { judge } from '../../src/pipeline/judge.ts'
import type { DecidingPolicy, ServingUpstream } from '../../src/pipeline/snapshot.ts'

const render = ecs.open({ version: '0.0.0' })

/** A request that was understood: what every real one has is there. */
export interface RealRequest {
  readonly input: PolicyInput
  readonly principal: Principal
  readonly nestedModels: readonly string[]
}

export function realRequest(input: PolicyInput, nestedModels: readonly string[] = []): RealRequest {
  const { id, issuer, method, ...rest } = input.principal
  const principal: Principal = {
    ...rest,
    id: id ?? 'a',
    issuer: issuer ?? 'corp',
    method: method ?? 'jwt',
    name: null,
    email: null,
    tokenId: null,
    expiresAt: null,
  }
  const model = input.model ?? (MODEL_OPERATIONS.includes(input.operation) ? undefined : null)
  const size = { ...input.input, bytes: input.input.bytes ?? 0 }
  return { input: { ...input, principal, model, input: size, upstream: undefined }, principal, nestedModels }
}

/** What the pipeline decides; every upstream serves every model. */
export function judged(
  policy: Pick<DecidingPolicy, 'speaksOfUpstream' | 'decide'>,
  { input, nestedModels }: RealRequest,
  upstreams: readonly UpstreamFacts[],
): Decision {
  const serving = upstreams.map((settings) => ({ settings, serves: () => true }) as unknown as ServingUpstream)
  return judge(policy as DecidingPolicy, input, nestedModels, serving).decision
}

export interface RecordOptions {
  readonly ruleset: string
  readonly id?: string
  readonly alias?: string
  /** How long the decision came after the request. */
  readonly delayMs?: number
}

/** The line of the `decision` event. */
export function recordedLine(
  { input, principal, nestedModels }: RealRequest,
  decision: Decision,
  { ruleset, id = 'req_1', alias, delayMs = 0 }: RecordOptions,
): string {
  const { operation, model, stream, maxOutputTokens, tools, urls, ip, at, project } = input
  const facts = {
    operation,
    model,
    stream,
    maxOutputTokens,
    tools,
    urls,
    storedSettings: input.storedSettings === true,
    nestedModels,
    input: input.input,
    objects: [],
  }
  const request: AuditRequest = {
    id,
    method: 'POST',
    path: '/v1/x',
    httpVersion: '1.1',
    operation,
    stream,
    asked: askedOf(facts, project, blotted),
    ...(typeof model === 'string' ? { model } : {}),
    ...(alias === undefined ? {} : { alias }),
    ...(ip === undefined ? {} : { clientIp: ip }),
  }
  const event: AuditEvent = {
    at: at + delayMs,
    action: decision.effect === 'allow' ? 'request-authorized' : 'request-denied',
    reason: decision.effect === 'allow' ? undefined : decision.reason,
    message: '-',
    stage: 'decision',
    decision: decision.effect === 'allow' ? 'allow' : 'deny',
    area: 'policy',
    request,
    principal,
    policy: { rule: decision.rule ?? undefined, ruleset, latencyNs: 1, roles: decision.roles },
    requestBytes: input.input.bytes,
  }
  return render(event, { id: 'e', sequence: 1 })
}
