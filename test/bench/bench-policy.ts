import { DENIED_MODEL, MODELS } from './answers.ts'
import { GROUP } from './credential.ts'

/** Each kind of rule that a large policy has many of; `n` tells them apart. */
const FILLERS = [
  (n: number) => `{ id: team-${n}, effect: allow, roles: [team-${n % 50}], models: [model-${n}], operations: [chat] }`,
  (n: number) => `{ id: family-${n}, effect: allow, roles: [team-${n % 50}], models: ["family-${n}-*"] }`,
  (n: number) => `{ id: shared-${n}, effect: allow, models: [shared-${n}], when: { mfa: true } }`,
  (n: number) => `{ id: barred-${n}, effect: deny, models: [barred-${n}], operations: [chat, responses] }`,
  (n: number) => `{ id: ours-${n}, effect: allow, roles: [bench], models: [ours-${n}], operations: [embeddings] }`,
] as const

/** A policy of so many rules (at least two), of which exactly one allows what the bench asks for: its role, its models, chat. */
export function benchPolicy(rules: number): string {
  const fillers = Array.from({ length: rules - 2 }, (_, n) => `  - ${FILLERS[n % FILLERS.length]?.(n)}`)
  const teams = Array.from({ length: 50 }, (_, n) => `  team-${n}: { members: [ { group: team-${n} } ] }`)
  return `version: 1
roles:
  bench: { members: [ { issuer: bench, group: ${GROUP} } ] }
${teams.join('\n')}
models:
  bench: [${Object.values(MODELS).join(', ')}]
rules:
  - { id: bench-chat, effect: allow, roles: [bench], models: ["@bench"], operations: [chat] }
  - { id: bench-denied, effect: deny, roles: [bench], models: [${DENIED_MODEL}] }
${fillers.join('\n')}
`
}
