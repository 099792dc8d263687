import type { MethodName } from '../../model/identity.ts'
import { MODEL_OPERATIONS } from '../../model/operations.ts'
import { doOverlap } from '../patterns.ts'
import type { LintFacts, LintRule, LintUpstream } from './lint.ts'

/** Why a rule can never match, and which part of it says so; the path begins at the rule. */
interface Contradiction {
  readonly path: readonly (string | number)[]
  readonly why: string
  readonly mend: string
}

/** What keeps an allow from ever holding: it needs *yes* everywhere. */
export function allowContradiction(rule: LintRule, facts: LintFacts): Contradiction | null {
  return methodContradiction(rule, facts) ?? keyContradiction(rule) ?? upstreamContradiction(rule, facts)
}

/** What keeps a deny from ever applying: something in it must be *no*, and not merely *cannot tell*. */
export function denyContradiction(rule: LintRule, facts: LintFacts): Contradiction | null {
  return methodContradiction(rule, facts) ?? certainUpstreamContradiction(rule, facts)
}

function methodContradiction({ when: { method } }: LintRule, { methods }: LintFacts): Contradiction | null {
  if (method === undefined || method.some((name) => methods.includes(name))) return null
  const open = methods.map((name) => `\`${name}\``).join(', ')
  return {
    path: ['when', 'method'],
    why: 'the config lets nobody sign in in one of these ways',
    mend: `name one that it has (${open}), or configure this one`,
  }
}

const KEY_ONLY: readonly MethodName[] = ['api_key']

/** A key shows no factors, no `acr` and no claims. */
function keyContradiction({ when }: LintRule): Contradiction | null {
  if (!when.method?.every((name) => KEY_ONLY.includes(name))) return null
  const asked = (['mfa', 'acr', 'claim'] as const).find((name) => when[name] !== undefined)
  if (asked === undefined) return null
  return {
    path: ['when', asked],
    why: `an API key never shows \`${asked}\`, and \`method\` lets nothing else in`,
    mend: `take \`${asked}\` out, or add a method that can show it`,
  }
}

function upstreamContradiction(rule: LintRule, { upstreams }: LintFacts): Contradiction | null {
  const { region, upstream } = rule.when
  const labels = Object.entries(upstream?.labels ?? {})
  const meant = upstreams.filter(
    (one) =>
      (region === undefined || (one.region !== null && region.includes(one.region))) &&
      labels.every(([name, value]) => Object.hasOwn(one.labels, name) && one.labels[name] === value),
  )
  const path = ['when', region === undefined ? 'upstream' : 'region']
  if (meant.length === 0) {
    const why = 'no upstream of the config is what these conditions ask for'
    return { path, why, mend: 'correct the region or the labels, here or in the config' }
  }
  if (isServedBySome(rule, meant)) return null
  if (meant.length < upstreams.length) {
    const why = 'the upstreams that its conditions ask for serve none of its models'
    return { path, why, mend: 'name models that they serve, or other upstreams' }
  }
  // Of names that stand in the rule itself `unserved_model` tells already.
  if (rule.modelsWritten?.every((name) => !name.startsWith('@'))) return null
  return {
    path: ['models'],
    why: 'no upstream of the config serves one of its models',
    mend: 'name models that one serves',
  }
}

/** Some upstream serves one of the rule's models; true, too, where it speaks of requests without a model. */
function isServedBySome({ models, operations }: LintRule, upstreams: readonly LintUpstream[]): boolean {
  if (models === null || operations?.some((name) => !MODEL_OPERATIONS.includes(name))) return true
  return models.some((name) => upstreams.some((one) => one.models.some((served) => doOverlap(name, served))))
}

/** Operations for which the upstream is always known when they are decided. */
const SERVED = MODEL_OPERATIONS.filter((name) => !name.startsWith('models.'))

function certainUpstreamContradiction(rule: LintRule, { upstreams }: LintFacts): Contradiction | null {
  const { region, upstream } = rule.when
  if (!rule.operations?.every((name) => SERVED.includes(name))) return null
  const mend = 'correct the region or the labels, here or in the config'
  if (region && upstreams.every((one) => one.region !== null && !region.includes(one.region))) {
    return { path: ['when', 'region'], why: 'every upstream of the config is in another region', mend }
  }
  const labels = Object.entries(upstream?.labels ?? {})
  const isOther = (one: LintUpstream) =>
    labels.some(([name, value]) => Object.hasOwn(one.labels, name) && one.labels[name] !== value)
  if (labels.length === 0 || !upstreams.every(isOther)) return null
  return { path: ['when', 'upstream'], why: 'every upstream of the config has other labels', mend }
}
