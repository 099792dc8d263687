import type { PlacedProblem, Problem } from '../model/problem.ts'
import type { Settings } from '../model/settings.ts'
import { type LoadedConfig, type LoadOptions, loadConfig } from './load.ts'
import type { ConfigNames } from './names.ts'
import { loadPolicySources, type PolicySource, placeProblems } from './policy-sources.ts'

/**
 * The policy compiler, handed in so that the config knows nothing of policies. Null when an error is among the problems.
 * It is asked in spite of problems elsewhere, so that all are reported at once, and leaves out what only stems from the
 * unread parts of `names`.
 */
export type Compile<Policy> = (
  sources: readonly PolicySource[],
  names: ConfigNames,
) => Compiled<Policy> | Promise<Compiled<Policy>>

export interface Compiled<Policy> {
  readonly policy: Policy | null
  readonly problems: readonly (Problem & { readonly file: string })[]
  /** Of the config, where what it opens is not for it to know. */
  readonly ofConfig?: readonly Problem[]
}

export interface Loaded<Policy> {
  readonly settings: Settings | null
  readonly config: LoadedConfig['config']
  readonly policy: Policy | null
  readonly problems: readonly PlacedProblem[]
  /** Problems of the config itself; the others are those of the policies. */
  readonly configProblems: readonly PlacedProblem[]
  /** Places a problem of the config that is found later. */
  readonly place: LoadedConfig['place']
  readonly files: readonly string[]
  /** `sha256:…` of every byte of the config and of its secrets; the policy has one of its own. */
  readonly digest: string
}

/** Loads config and policies as one. `policy` and `settings` are both there or the problems hold an error. Never throws. */
export async function loadAll<Policy>(
  file: string,
  { compile, ...options }: LoadOptions & { readonly compile: Compile<Policy> },
): Promise<Loaded<Policy>> {
  const loaded = await loadConfig(file, options)
  const { settings, config, digest } = loaded
  const policies = await loadPolicySources(loaded.policies)
  const files = [...new Set([...loaded.files, ...policies.files])]
  const unread = new Set([...loaded.names.unread, ...(policies.isWhole ? [] : (['policies'] as const))])
  const compiled = await compile(policies.sources, { ...loaded.names, unread })
  const configProblems = [...loaded.problems, ...(compiled.ofConfig ?? []).map(loaded.place)]
  const problems = [...configProblems, ...policies.problems, ...placeProblems(policies.sources, compiled.problems)]
  const isSound = !problems.some(({ severity }) => severity === 'error')
  return {
    settings: isSound ? settings : null,
    config,
    policy: isSound ? compiled.policy : null,
    problems,
    configProblems,
    place: loaded.place,
    files,
    digest,
  }
}
