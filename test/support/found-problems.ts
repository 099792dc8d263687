import { compilePolicy } from '../../src/policy/compile.ts'
import { sources } from './policies.ts'

/** What the config knows for policies that are written to be refused. */
export const known = {
  issuers: ['corp'],
  upstreams: [{ name: 'main', region: 'eu', labels: { tier: 'internal' } }],
}

/** The problems of such a policy, each in one word: where it is (`~` for a key), and its code. */
export const found = (...documents: unknown[]) =>
  compilePolicy(sources(documents), known).problems.map(
    ({ path, at, code }) => `${path.join('.')}${at === 'key' ? '~' : ''} ${code}`,
  )

export const rule = (more: object) => ({ version: 1, rules: [{ id: 'r', effect: 'allow', ...more }] })
export const when = (conditions: object) => rule({ when: conditions })
