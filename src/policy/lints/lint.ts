import type { MethodName } from '../../model/identity.ts'
import { type FileProblem, type Merged, type Placed, problemAt } from '../merge.ts'
import type { OutlineRule, PolicyOutline } from '../outline.ts'
import type { NameSet } from '../rule.ts'

/** What a config makes possible, as far as a lint asks. */
export interface LintFacts {
  /** The configured names; without `api_keys`. */
  readonly issuers: readonly string[]
  /** The ways in which a caller can be authenticated. */
  readonly methods: readonly MethodName[]
  readonly upstreams: readonly LintUpstream[]
}

export interface LintUpstream {
  readonly region: string | null
  readonly labels: { readonly [name: string]: string }
  /** Names and patterns. */
  readonly models: readonly string[]
}

/** One rule and its place. Selectors that are null match everything. */
export interface LintRule extends OutlineRule {
  readonly placed: Pick<Placed<unknown>, 'file' | 'path'>
  /** Names and patterns, those of sets among them. */
  readonly modelNames: NameSet | null
  readonly operationNames: NameSet | null
}

export interface LintSubject {
  readonly merged: Merged
  readonly outline: PolicyOutline
  /** Those with the fewest conditions first, and by `id` among these. */
  readonly rules: readonly LintRule[]
  readonly facts: LintFacts
}

/**
 * Finds what is sound and hardly what its author meant. Asked only of a policy without errors. Says nothing where it is
 * not certain: a warning that is wrong once is read no more.
 */
export type Lint = (subject: LintSubject) => readonly FileProblem[]

/** A warning; `message` says what to do. */
export function warningAt(
  placed: Pick<Placed<unknown>, 'file' | 'path'>,
  inner: FileProblem['path'],
  code: string,
  message: string,
  at: 'key' | 'value' = 'value',
): FileProblem {
  return { ...problemAt(placed, inner, code, message, at), severity: 'warning' }
}

const MAX_SHOWN = 64

/** A name of a file in a message. */
export function quoted(name: string): string {
  return `\`${name.length <= MAX_SHOWN ? name : `${name.slice(0, MAX_SHOWN)}…`}\``
}
