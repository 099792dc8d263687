import { parseYaml } from '../../../../src/config/yaml.ts'
import { compilePolicy } from '../../../../src/policy/compile.ts'
import { lintPolicy } from '../../../../src/policy/lints/index.ts'
import type { LintFacts, LintRule } from '../../../../src/policy/lints/lint.ts'
import { nameSet } from '../../../../src/policy/rule.ts'

export const FACTS: LintFacts = {
  issuers: ['corp'],
  methods: ['jwt', 'api_key'],
  upstreams: [
    { region: 'eu', labels: { tier: 'internal' }, models: ['gpt-*', 'o3'] },
    { region: 'us', labels: { tier: 'external' }, models: ['gpt-4o', 'text-*'] },
  ],
}

/** The findings for a policy, given without its `version`, each as `code path`. */
export function linted(text: string, facts: Partial<LintFacts> = {}): string[] {
  return findings(text, facts).map(({ code, path }) => `${code} ${path.join('.')}`)
}

export function findings(text: string, facts: Partial<LintFacts> = {}) {
  const { document, problems } = parseYaml(`version: 1\n${text}`, 'policy.yaml')
  if (document === null) throw new Error(JSON.stringify(problems))
  const sources = [{ name: 'policy.yaml', document, digest: '0' }]
  const all = { ...FACTS, ...facts }
  const upstreams = all.upstreams.map((one, index) => ({ ...one, name: `u${index}`, region: one.region ?? undefined }))
  const compiled = compilePolicy(sources, { issuers: all.issuers, upstreams })
  if (!compiled.policy) throw new Error(JSON.stringify(compiled.problems))
  return lintPolicy(sources, all)
}

/** Rules in flow style, one a line. */
export const rules = (...list: readonly string[]) => `rules:\n${list.map((rule) => `  - { ${rule} }\n`).join('')}`

/** What a table of lints holds: a policy without its `version`, and the findings as `code path`. */
export type Row = readonly [name: string, policy: string, found: readonly string[], facts?: Partial<LintFacts>]

export const ROLES = `roles:
  employee: { members: [{ issuer: corp }] }
  analyst: { members: [{ group: analysts }], includes: [employee] }
  admin: { members: [{ group: admins }] }
`
export const everyone =
  'id: use, effect: allow, roles: [employee, analyst, admin], models: ["gpt-*"], operations: [chat, responses]'
export const spoken = (...more: string[]) => `${ROLES}${rules(everyone, ...more)}`
/** With a rule that uses every role, so that only what the row shows is found. */
export const small = (...more: string[]) =>
  `${ROLES}${rules('id: zz, effect: allow, roles: [employee, analyst, admin], operations: [moderations]', ...more)}`

type Parts = Partial<Pick<LintRule, 'id' | 'effect' | 'roles' | 'workspaces' | 'models' | 'operations' | 'when'>>

/** One rule as a lint is given it. Selectors that are left out match everything. */
export function lintRule({ models = null, operations = null, ...parts }: Parts): LintRule {
  const nothing = {
    roles: null,
    workspaces: null,
    mode: 'enforce',
    when: {},
    placed: { file: 'f', path: ['rules', 0] },
  }
  const names = { modelNames: models && nameSet(models), operationNames: operations && nameSet(operations) }
  return { ...nothing, ...parts, models, operations, modelsWritten: models, ...names } as unknown as LintRule
}
