import { isPattern } from '../model/pattern.ts'
import { durationMs, sizeBytes } from '../model/units.ts'
import { claimSteps } from '../policy/claim-path.ts'
import type { OutlineRule } from '../policy/outline.ts'
import type { WhenDocument } from '../policy/schema.ts'
import type { TextTest } from '../policy/text-test.ts'

/** Texts: each of `exact`, and whatever matches one of `patterns`. */
export interface Texts {
  readonly exact: readonly string[]
  readonly patterns: readonly string[]
}

/** What a part asks of its fact, by the kind of values that the fact has. */
export type PartTest =
  | { readonly kind: 'is'; readonly value: boolean }
  /** A number, no larger. `written`: as the policy says it. */
  | { readonly kind: 'most'; readonly most: number; readonly written: string }
  /** One text. */
  | { readonly kind: 'text'; readonly texts: Texts }
  /** A list of texts, one of which is among these. */
  | { readonly kind: 'some'; readonly path: readonly string[]; readonly texts: Texts }
  /** A list of texts, each of which is among these. */
  | { readonly kind: 'every'; readonly texts: Texts }
  /** One of a few names that are all known. */
  | { readonly kind: 'among'; readonly names: readonly string[] }
  | { readonly kind: 'network'; readonly ranges: readonly string[] }
  | { readonly kind: 'time'; readonly window: NonNullable<WhenDocument['time']> }
  | { readonly kind: 'region'; readonly regions: readonly string[] }
  | { readonly kind: 'label'; readonly label: string; readonly value: string }
  | { readonly kind: 'roles'; readonly names: readonly string[] }

/**
 * The smallest part of a rule: one question about one fact. A rule is *yes* when each of its parts is, and *no* when one
 * of them is: selectors and conditions alike, and the members of a condition like conditions.
 */
export interface Part {
  /** The selector or condition that it is of: `roles`, `models`, `mfa`, `input`, … */
  readonly condition: string
  /** Which fact it asks about: parts with one fact can contradict each other, others cannot. */
  readonly fact: string
  readonly test: PartTest
  /** Equal for parts that ask the same. */
  readonly key: string
}

export function part(condition: string, fact: string, test: PartTest): Part {
  return { condition, fact, test, key: JSON.stringify([fact, test]) }
}

/** Names and patterns, told apart as selectors do. */
export function namesAndPatterns(list: readonly string[]): Texts {
  return { exact: list.filter((name) => !isPattern(name)), patterns: list.filter(isPattern) }
}

/** A rule is looked at for each operation, model and role: its parts are made once. */
const known = new WeakMap<OutlineRule, readonly Part[]>()

/** Everything of a rule but its operations, which are known wherever a rule is looked at. */
export function partsOf(rule: OutlineRule): readonly Part[] {
  const parts = known.get(rule) ?? makeParts(rule)
  known.set(rule, parts)
  return parts
}

function makeParts({ roles, workspaces, models, when }: OutlineRule): Part[] {
  return [
    ...(roles ? [part('roles', 'roles', { kind: 'roles', names: roles })] : []),
    ...(workspaces ? [part('workspaces', 'workspace', { kind: 'among', names: workspaces })] : []),
    ...(models ? [part('models', 'model', { kind: 'text', texts: namesAndPatterns(models) })] : []),
    ...callerParts(when),
    ...originParts(when),
    ...contentParts(when),
  ]
}

function callerParts({ mfa, acr, method, claim }: WhenDocument): Part[] {
  const parts: Part[] = []
  if (mfa !== undefined) parts.push(part('mfa', 'mfa', { kind: 'is', value: true }))
  if (typeof mfa === 'object') parts.push(part('mfa', 'mfa_age', most(durationMs(mfa.max_age), mfa.max_age)))
  if (acr) parts.push(part('acr', 'acr', { kind: 'text', texts: { exact: acr, patterns: [] } }))
  if (method) parts.push(part('method', 'method', { kind: 'among', names: method }))
  if (claim) {
    const path = claimSteps(claim.path)
    parts.push(part('claim', `claim ${JSON.stringify(path)}`, { kind: 'some', path, texts: testedTexts(claim) }))
  }
  return parts
}

function originParts({ network, time, header, region, upstream }: WhenDocument): Part[] {
  const parts: Part[] = []
  if (network) parts.push(part('network', 'network', { kind: 'network', ranges: network }))
  if (time) parts.push(part('time', 'time', { kind: 'time', window: time }))
  if (header) {
    const fact = `header ${header.name.toLowerCase()}`
    parts.push(part('header', fact, { kind: 'text', texts: testedTexts(header) }))
  }
  if (region) parts.push(part('region', 'upstream', { kind: 'region', regions: region }))
  for (const [label, value] of Object.entries(upstream?.labels ?? {})) {
    parts.push(part('upstream', 'upstream', { kind: 'label', label, value }))
  }
  return parts
}

function contentParts({ max_output_tokens: tokens, input, tools, urls, stream }: WhenDocument): Part[] {
  const parts: Part[] = []
  if (tokens) parts.push(part('max_output_tokens', 'max_output_tokens', most(tokens.at_most, String(tokens.at_most))))
  if (input?.max_bytes !== undefined)
    parts.push(part('input', 'bytes', most(sizeBytes(input.max_bytes), input.max_bytes)))
  for (const kind of ['images', 'files', 'audio'] as const) {
    const value = input?.[kind]
    if (value !== undefined) parts.push(part('input', kind, { kind: 'is', value }))
  }
  const { functions, hosted } = tools ?? {}
  if (functions) parts.push(part('tools', 'functions', { kind: 'every', texts: namesAndPatterns(functions) }))
  if (hosted) parts.push(part('tools', 'hosted', { kind: 'every', texts: namesAndPatterns(hosted) }))
  if (urls) parts.push(part('urls', 'urls', { kind: 'every', texts: namesAndPatterns(urls) }))
  if (stream !== undefined) parts.push(part('stream', 'stream', { kind: 'is', value: stream }))
  return parts
}

function most(number: number, written: string): PartTest {
  return { kind: 'most', most: number, written }
}

/** Only `matches` is a pattern: a star elsewhere is a star. */
function testedTexts(test: TextTest): Texts {
  if (test.matches !== undefined) return namesAndPatterns([test.matches])
  return { exact: test.in ?? [test.equals ?? ''], patterns: [] }
}
