import t from 'tap'
import type { PolicyInput } from '../../src/model/decision.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { plain } from './scale-policies.ts'

/** Names that some programs take for something else, and pairs that look alike or are alike after some folding. */
const NAMES = [
  'a',
  'A',
  '\u0430',
  'a ',
  ' a',
  'a\u200b',
  'a\u0000',
  '\uff41',
  'caf\u00e9',
  'cafe\u0301',
  '\u212b',
  '\u00c5',
  'stra\u00dfe',
  'STRASSE',
  'I',
  '\u0131',
  'constructor',
  '__proto__',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '0',
  '00',
  '-1',
  'null',
  'undefined',
  'NaN',
  'true',
  '$&',
  '.*',
  '(a+)+$',
  '[object Object]',
  '\u{1f600}',
  '\ud83d',
  'a\ud83d',
  'x'.repeat(256),
  'x'.repeat(257),
]
/** What only a request can say: patterns and sets are not names, and nothing may take them for what they match. */
const ONLY_ASKED = ['', '*', '**', 'a*', '*a', '@a', '@__proto__', 'x'.repeat(1_000_000), '\ud83d\ude00\ud83d']

const own = (key: string, value: unknown) => Object.fromEntries([[key, value]])
const who = (principal: Partial<PolicyInput['principal']>): Partial<PolicyInput> => ({
  principal: { ...plain.principal, ...principal },
})
const when = (condition: object) => ({ when: condition })
const role = (member: object) => ({ more: { roles: { r: { members: [member] } } }, rule: { roles: ['r'] } })

interface Place {
  readonly where: string
  /** A rule that speaks of a name, and what must stand beside it. */
  readonly written: (name: string) => { readonly rule: object; readonly more?: object }
  /** A request that has a name in the same place. */
  readonly asked: (name: string) => Partial<PolicyInput>
}

const PLACES: readonly Place[] = [
  { where: 'a model', written: (name) => ({ rule: { models: [name] } }), asked: (model) => ({ model }) },
  {
    where: 'a model of a set',
    written: (name) => ({ rule: { models: ['@__proto__'] }, more: { models: own('__proto__', [name]) } }),
    asked: (model) => ({ model }),
  },
  { where: 'a group', written: (group) => role({ group }), asked: (group) => who({ groups: ['other', group] }) },
  { where: 'a user', written: (user) => role({ user }), asked: (id) => who({ id }) },
  { where: 'a key', written: (key) => role({ key }), asked: (key) => who({ key, method: 'api_key' }) },
  {
    where: 'a role that a credential carries',
    written: (name) => ({ more: { roles: own(name, {}) }, rule: { roles: [name] } }),
    asked: (name) => who({ roles: [name] }),
  },
  {
    where: 'a workspace that a credential names',
    written: (name) => ({ more: { workspaces: own(name, {}) }, rule: { workspaces: [name] } }),
    asked: (name) => who({ workspaces: [name] }),
  },
  {
    where: 'the value of a claim',
    written: (equals) => ({ rule: when({ claim: { path: 'type', equals } }) }),
    asked: (type) => who({ claims: { type } }),
  },
  {
    where: 'one value of a claim',
    written: (name) => ({ rule: when({ claim: { path: 'type', in: ['other', name] } }) }),
    asked: (name) => who({ claims: { type: ['more', name] } }),
  },
  {
    where: 'the name of a claim',
    written: (name) => ({ rule: when({ claim: { path: [name], equals: 'x' } }) }),
    asked: (name) => who({ claims: own(name, 'x') as { [key: string]: JsonValue } }),
  },
  {
    where: 'the value of a header',
    written: (equals) => ({ rule: when({ header: { name: 'x-class', equals } }) }),
    asked: (value) => ({ header: (name) => (name === 'x-class' ? value : undefined) }),
  },
  { where: 'an acr', written: (acr) => ({ rule: when({ acr: [acr] }) }), asked: (acr) => who({ acr }) },
  {
    where: 'a region',
    written: (region) => ({ rule: when({ region: [region] }) }),
    asked: (region) => ({ upstream: { name: 'u', region, labels: {} } }),
  },
  {
    where: 'a label',
    written: (name) => ({ rule: when({ upstream: { labels: own(name, 'x') } }) }),
    asked: (name) => ({
      upstream: { name: 'u', region: undefined, labels: own(name, 'x') as { [label: string]: string } },
    }),
  },
  {
    where: 'a function that is offered',
    written: (name) => ({ rule: when({ tools: { functions: [name] } }) }),
    asked: (name) => ({ tools: { functions: [name], hosted: [] } }),
  },
]

function compiled(rule: object, more: object) {
  const document = { version: 1, ...more, rules: [{ id: 'r', effect: 'allow', ...rule }] } as JsonValue
  return compilePolicy([{ name: 'p.yaml', document, digest: '0' }], { issuers: [], upstreams: [] }).policy
}

for (const { where, written, asked } of PLACES) {
  t.test(`${where} is the same name, code unit by code unit, and no other`, async (t) => {
    let compared = 0
    for (const name of NAMES) {
      const { rule, more = {} } = written(name)
      const policy = compiled(rule, more)
      // The schema refuses some names in some places; a pattern is not a name.
      if (policy === null || name.includes('*')) continue
      for (const other of [...NAMES, ...ONLY_ASKED]) {
        const isAllowed = policy.decide({ ...plain, ...asked(other) }).effect === 'allow'
        if (isAllowed !== (name === other)) t.fail(`${JSON.stringify(name)} and ${JSON.stringify(other.slice(0, 50))}`)
        compared++
      }
    }
    t.ok(compared > 1000, `${compared} pairs`)
  })
}

t.test('a pattern in a request is a name: it matches the patterns that any name would', async (t) => {
  const allows = (pattern: string, model: string) =>
    compiled({ models: [pattern] }, {})?.decide({ ...plain, model }).effect
  const table = [
    ['*', '*', 'allow'],
    ['gpt-*', 'gpt-*', 'allow'],
    ['gpt-4o', 'gpt-*', 'deny'],
    ['gpt-4o', '*', 'deny'],
    ['gpt-*', '*', 'deny'],
    ['*-mini', 'gpt-*-mini', 'allow'],
    ['gpt-4o*', 'gpt-4\u043e', 'deny'],
    ['__proto__*', '__proto__', 'allow'],
    ['*', '', 'allow'],
    ['a*', '', 'deny'],
  ] as const
  for (const [pattern, model, effect] of table) t.equal(allows(pattern, model), effect, `${pattern} and ${model}`)
})

t.test('what every object has is no claim, label, role, set or workspace', async (t) => {
  const rule = (more: object) => ({ id: 'r', effect: 'allow', ...more })
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    const refused = [rule({ roles: [name] }), rule({ workspaces: [name] }), rule({ models: [`@${name}`] })].map(
      (one) => {
        const document = { version: 1, rules: [one] } as JsonValue
        return compilePolicy([{ name: 'p.yaml', document, digest: '0' }], { issuers: [], upstreams: [] }).policy
      },
    )
    t.same(refused, [null, null, null], `${name} is defined nowhere`)
    const claim = compiled({ when: { claim: { path: [name], matches: '*' } } }, {})
    t.equal(claim?.decide({ ...plain, ...who({ claims: {} }) }).effect, 'deny', `${name} is not a claim`)
    const denied = { when: { claim: { path: [name], matches: '*' } }, effect: 'deny' }
    t.equal(compiled(denied, {})?.decide({ ...plain, ...who({ claims: {} }) }).rule, 'r', `${name} cannot be told`)
  }
})
