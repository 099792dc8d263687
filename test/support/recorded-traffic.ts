/** Recorded traffic and a policy to decide it by, for the commands that read events. */
import { Readable } from 'node:stream'
import t from 'tap'
import type { Decision, PolicyInput, RuleId } from '../../src/model/decision.ts'
import { CONFIG, folderOf, runCli } from './cli.ts'
import { realRequest, recordedLine } from './recorded.ts'

const POLICY = `version: 1
roles:
  analyst: { members: [{ issuer: corp, group: analysts }] }
  staff: { members: [{ claim: { path: type, equals: staff } }] }
aliases: { fast: gpt-4o-mini }
rules:
  - { id: finance, effect: allow, models: [gpt-4o], operations: [chat], when: { claim: { path: dept, equals: finance } } }
  - { id: mail, effect: allow, roles: [staff], operations: [embeddings] }
  - { id: no-search, effect: deny, models: [gpt-4o-mini], when: { tools: { functions: [search] }, stream: true } }
  - { id: small, effect: allow, roles: [analyst], models: [gpt-4o-mini], operations: [chat], when: { mfa: true } }
`

const folder = folderOf(t, { 'config.yaml': CONFIG, 'policy.yaml': POLICY })

/** Runs a policy command in a folder of its own. */
export async function policy(argv: string[], stdin?: string) {
  const piped = stdin === undefined ? {} : { stdin: Readable.from([Buffer.from(stdin)]) }
  const { code, out: stdout, err: stderr } = await runCli(['policy', ...argv, '--config', 'config.yaml'], folder, piped)
  return { code, stdout, stderr }
}

const PRINCIPAL: PolicyInput['principal'] = {
  id: 'bob',
  issuer: 'corp',
  method: 'jwt',
  groups: ['analysts'],
  roles: [],
  workspaces: [],
  claims: {},
  mfa: 'yes',
  acr: undefined,
  authTime: undefined,
  key: null,
}
const INPUT: PolicyInput = {
  principal: PRINCIPAL,
  operation: 'chat',
  model: 'gpt-4o-mini',
  stream: true,
  maxOutputTokens: undefined,
  tools: { functions: ['other'], hosted: [] },
  input: { bytes: 10, images: false, files: false, audio: false },
  urls: [],
  header: () => undefined,
  project: undefined,
  at: Date.UTC(2026, 2, 2, 9),
  ip: '10.0.0.1',
  upstream: undefined,
}
export const ALLOWED: Decision = { effect: 'allow', rule: 'old' as RuleId, reason: 'allowed', roles: ['analyst'] }
export const DENIED: Decision = { effect: 'deny', rule: null, reason: 'role_missing', roles: [] }

interface Change {
  readonly id?: string
  readonly alias?: string
  readonly ruleset?: string
  readonly principal?: Partial<PolicyInput['principal']>
  readonly was?: Decision
}
/** The decision event of a chat by an analyst, and what is different in it. */
export function event(change: Change & Omit<Partial<PolicyInput>, 'principal'>): string {
  const { id = 'req_1', alias, ruleset = 'sha256:old', principal, was = ALLOWED, ...input } = change
  const request = realRequest({ ...INPUT, ...input, principal: { ...PRINCIPAL, ...principal } })
  return recordedLine(request, was, { ruleset, id, ...(alias === undefined ? {} : { alias }) })
}

/** Nine lines: five decisions, one of a request that no policy decided, and three of other kinds. */
export const MIXED = [
  event({ id: 'req_a' }),
  event({ id: 'req_b', principal: { id: 'eve\u001b[31m', groups: [] } }),
  event({ id: 'req_c', principal: { groups: [] } }),
  event({ id: 'req_d', principal: { groups: [] } }),
  event({ id: 'req_e', model: 'gpt-4o', was: DENIED }),
  event({ id: 'req_f', was: { ...DENIED, reason: 'schedule' } }).replace('policy.schedule', 'request.schedule'),
  '{"message":"of somebody else"}\n',
  '\n',
  '{"broken\n',
].join('')
