import type { AuditEvent } from '../../src/model/audit.ts'
import type { PolicyInput } from '../../src/model/decision.ts'
import type { Principal } from '../../src/model/identity.ts'
import { MODELS } from './answers.ts'
import { AUDIENCE, GROUP, ISSUER } from './credential.ts'

const AT = 1_760_000_000_000

export const principal: Principal = {
  id: '8f3a2c71-5f0e-4a55-9d0f-1f2a3b4c5d6e',
  issuer: 'bench',
  method: 'jwt',
  name: 'Bench Caller',
  email: 'bench@example.org',
  groups: [GROUP, 'employees', 'emea'],
  roles: [],
  workspaces: [],
  claims: { iss: ISSUER, aud: AUDIENCE, groups: [GROUP, 'employees', 'emea'] },
  mfa: 'yes',
  acr: undefined,
  authTime: AT / 1000,
  key: null,
  tokenId: 'c0ffee00c0ffee00c0ffee00c0ffee00',
  expiresAt: AT / 1000 + 3600,
}

export function policyInput(model: string): PolicyInput {
  return {
    principal,
    operation: 'chat',
    model,
    stream: false,
    maxOutputTokens: 512,
    tools: { functions: [], hosted: [] },
    input: { bytes: 1024, images: false, files: false, audio: false },
    urls: [],
    header: () => undefined,
    project: undefined,
    at: AT,
    ip: '127.0.0.1',
    upstream: undefined,
  }
}

function common(caller: Principal): Omit<AuditEvent, 'action' | 'message'> {
  return {
    at: AT,
    request: {
      id: 'req_0123456789abcdef0123000001',
      method: 'POST',
      path: '/v1/chat/completions',
      httpVersion: '1.1',
      userAgent: 'OpenAI/JS 6.1.0',
      clientIp: '127.0.0.1',
      clientPort: 40000,
      operation: 'chat',
      stream: false,
      model: MODELS.json,
    },
    principal: caller,
    authMethod: 'jwt',
    authIssuer: 'bench',
    authCache: 'hit',
    policy: {
      rule: 'bench-chat',
      ruleset: `sha256:${'0123456789abcdef'.repeat(4)}`,
      latencyNs: 4200,
      roles: ['bench'],
    },
    upstream: { name: 'json', address: '127.0.0.1', port: 9000 },
    outcome: 'success',
    decision: 'allow',
    requestBytes: 1024,
  }
}

export function decisionEvent(caller: Principal): AuditEvent {
  const message = `allow allowed chat ${MODELS.json} ${caller.id}`
  return { ...common(caller), action: 'request-authorized', stage: 'decision', message }
}

export function completeEvent(caller: Principal): AuditEvent {
  return {
    ...common(caller),
    action: 'completion-finished',
    stage: 'complete',
    message: `completion-finished chat ${MODELS.json} ${caller.id}`,
    startedAt: AT,
    durationNs: 1_234_567,
    overheadNs: 234_567,
    upstreamNs: 1_000_000,
    attempts: 1,
    ttftNs: 900_000,
    status: 200,
    responseBytes: 1024,
    answer: {
      usage: { inputTokens: 200, outputTokens: 100 },
      responseId: 'chatcmpl-0123456789',
      responseModel: MODELS.json,
      finishReasons: ['stop'],
    },
  }
}
