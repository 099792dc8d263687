import { parseYaml } from '../config/yaml.ts'
import { durationMs } from '../model/units.ts'

/** What a starter policy is written from. Each group has its own entry and at least one model. */
export interface StarterAnswers {
  /** The configured name of the issuer. */
  readonly issuer: string
  readonly groups: readonly { readonly group: string; readonly models: readonly string[] }[]
  /** How long ago a sign-in with several factors may be, such as `12h`; null asks for none. */
  readonly mfa: string | null
  /** Where the schema for editors lies, as a path from the file's folder. */
  readonly schema: string
}

/** Any Monday morning will do: the tests say when they are. */
const TESTED_AT = '2026-01-05T09:00:00Z'
const TESTED_SECONDS = 1_767_603_600

/** A policy with its reasons as comments and with tests that hold. Names stand in it exactly, whatever is in them. */
export function starterPolicy({ issuer, groups, mfa, schema }: StarterAnswers): string {
  const roles = namedRoles(groups)
  const lines = [
    `# yaml-language-server: $schema=${schema}`,
    '#',
    '# Who may do what. Nothing is allowed but by a rule; a deny that matches wins over every allow; the order of rules',
    '# and files never matters. Check it with `sallyport check`, and run its tests with `sallyport policy test`.',
    'version: 1',
    '',
    ...roleLines(roles, issuer),
    '',
    ...ruleLines(roles, mfa),
    '',
    '# What must hold, whatever is changed above. Every rule has a test: `sallyport policy test --min-coverage 100`.',
    'tests:',
    ...roles.flatMap((one) => roleTests(one, issuer, mfa)),
    ...commonTests(roles, issuer),
  ]
  return `${lines.join('\n')}\n`
}

function roleLines(roles: readonly Role[], issuer: string): string[] {
  return [
    '# Who somebody is to the rules. Any entry of `members` gives the role; within one entry all keys must match.',
    'roles:',
    ...roles.flatMap(({ role, group }) => [
      `  ${role}:`,
      `    members: [{ issuer: ${scalar(issuer)}, group: ${scalar(group)} }]`,
    ]),
  ]
}

function ruleLines(roles: readonly Role[], mfa: string | null): string[] {
  const when = `    when: { mfa: { max_age: ${mfa} } }  # a sign-in with several factors, at most so long ago`
  return [
    '# What is allowed. Each selector that is left out matches everything, so that a rule without `roles` is for everybody.',
    'rules:',
    ...roles.flatMap(({ role, models }) => [
      `  - id: ${role}-models`,
      '    effect: allow',
      `    roles: [${role}]`,
      `    models: [${models.map(scalar).join(', ')}]`,
      '    operations: [chat, responses, embeddings]',
      ...(mfa === null ? [] : [when]),
      '    reason: granted when the policy was started; say here why, for who reads the denials',
    ]),
    '  # The list of models shows each caller the models that its own requests would be allowed to use.',
    '  - id: list-models',
    '    effect: allow',
    `    roles: [${roles.map(({ role }) => role).join(', ')}]`,
    '    operations: [models.list, models.get]',
  ]
}

interface Role {
  readonly role: string
  readonly group: string
  readonly models: readonly string[]
}

function roleTests({ role, group, models }: Role, issuer: string, mfa: string | null): string[] {
  const who = `user: somebody, issuer: ${scalar(issuer)}, groups: [${scalar(group)}]`
  const request = `    request: { operation: chat, model: ${scalar(plain(models[0] ?? ''))} }`
  const at = `    at: "${TESTED_AT}"`
  const allowed = `    expect: { effect: allow, rule: ${role}-models }`
  if (mfa === null)
    return [`  - name: the role ${role} may use a model of its own`, `    as: { ${who} }`, request, allowed]
  const signedIn = TESTED_SECONDS - Math.floor(Math.min(durationMs(mfa) / 1000, 60) / 2)
  return [
    `  - name: the role ${role} may use a model of its own after a sign-in with several factors`,
    `    as: { ${who}, mfa: true, auth_time: ${signedIn} }`,
    request,
    at,
    allowed,
    `  - name: the role ${role} is asked to sign in again after a sign-in with one`,
    `    as: { ${who}, mfa: false, method: jwt }`,
    request,
    at,
    `    expect: { effect: step_up, rule: ${role}-models }`,
  ]
}

function commonTests(roles: readonly Role[], issuer: string): string[] {
  const [first] = roles
  const models = first?.models ?? []
  return [
    '  - name: who is in one of the groups may list models',
    `    as: { user: somebody, issuer: ${scalar(issuer)}, groups: [${scalar(first?.group ?? '')}] }`,
    '    request: { operation: models.list }',
    '    expect: { effect: allow, rule: list-models }',
    '  - name: somebody in none of the groups is denied',
    `    as: { user: stranger, issuer: ${scalar(issuer)}, groups: [] }`,
    `    request: { operation: chat, model: ${scalar(plain(models[0] ?? ''))} }`,
    '    expect: { effect: deny, reason: role_missing }',
  ]
}

/** A role for each group, named like it where that is a plain name. */
function namedRoles(groups: StarterAnswers['groups']): Role[] {
  const taken = new Set(['list'])
  return groups.map(({ group, models }, index) => {
    const isPlain = /^[a-z][a-z0-9_-]{0,62}$/.test(group) && isPlainScalar(group) && !taken.has(group)
    let role = isPlain ? group : `group-${index + 1}`
    while (taken.has(role)) role = `${role}-role`
    taken.add(role)
    return { role, group, models }
  })
}

/** A name that the pattern matches. */
function plain(model: string): string {
  return model.replaceAll('*', 'x')
}

/** A text as YAML says it: plain where every reader sees the same text in it, else in quotes. */
export function scalar(text: string): string {
  if (/^[A-Za-z][A-Za-z0-9._-]*$/.test(text) && isPlainScalar(text)) return text
  const quoted = JSON.stringify(text).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, (found) => {
    return `\\U${(found.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`
  })
  return quoted
}

function isPlainScalar(text: string): boolean {
  const { document } = parseYaml(`a: ${text}\n`, '')
  return document !== null && JSON.stringify(document) === JSON.stringify({ a: text })
}
