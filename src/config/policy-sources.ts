import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { JsonValue } from '../model/json.ts'
import type { PlacedProblem, Problem } from '../model/problem.ts'
import { readText, reasonOf } from './read-file.ts'
import { isReported } from './reported.ts'
import { parseYaml } from './yaml.ts'
import type { Path, Place } from './yaml-outline.ts'

/**
 * One policy file. `name` is its absolute path, as its problems call it. Of a file with problems `document` is what could
 * be read all the same, to find the others in it; it is never to be used.
 */
export interface PolicySource {
  readonly name: string
  readonly document: JsonValue
  /** Paths whose values have been reported already. */
  readonly reported: readonly Path[]
  /** SHA-256 of the file's bytes, in hexadecimal. */
  readonly digest: string
  readonly place: Place
}

export interface PolicySources {
  readonly sources: readonly PolicySource[]
  /** False where a file, or a part of one, could not be read. */
  readonly isWhole: boolean
  readonly problems: readonly PlacedProblem[]
  /** The folders and files that were read or looked for, to watch. */
  readonly files: readonly string[]
}

const MAX_POLICY_FILES = 1000

/** Reads policy files and the `*.yaml` and `*.yml` files of folders, sorted by name. Never throws; an empty folder is a problem. */
export async function loadPolicySources(paths: readonly string[]): Promise<PolicySources> {
  const problems: PlacedProblem[] = []
  const wrong = (file: string, code: string, message: string) => {
    problems.push({ file, line: 1, column: 1, severity: 'error', code, message })
  }
  const watched = new Set(paths)
  const files = new Set<string>()
  for (const path of paths) {
    for (const file of await policyFiles(path, wrong)) files.add(file)
  }
  if (files.size > MAX_POLICY_FILES) {
    wrong(paths[0] ?? '', 'too_many_files', `more than ${MAX_POLICY_FILES} policy files; join some of them`)
    return { sources: [], isWhole: false, problems, files: [...watched] }
  }
  const sources: PolicySource[] = []
  for (const file of files) {
    watched.add(file)
    const read = await readText(file)
    if (!read.ok) {
      wrong(file, read.code, read.message)
      continue
    }
    const yaml = parseYaml(read.text, file)
    problems.push(...yaml.problems)
    const { partial, reported, place } = yaml
    if (partial !== null) sources.push({ name: file, document: partial, reported, digest: read.digest, place })
  }
  return { sources, isWhole: problems.length === 0, problems, files: [...watched] }
}

/** Problems of the policy with their places in the files that they are of, without those of values reported before. */
export function placeProblems(
  sources: readonly PolicySource[],
  problems: readonly (Problem & { readonly file: string })[],
): PlacedProblem[] {
  return problems.flatMap(({ file, path, at = 'value', severity, code, message }) => {
    const source = sources.find(({ name }) => name === file)
    if (source && isReported(source.reported, { path, at })) return []
    return [{ file, ...(source?.place(path, at) ?? { line: 1, column: 1 }), severity, code, message }]
  })
}

async function policyFiles(
  path: string,
  wrong: (file: string, code: string, message: string) => void,
): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const names = await readdir(path)
    const chosen = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort()
    if (chosen.length === 0)
      wrong(path, 'empty_folder', 'the folder has no policy file (`*.yaml`); a policy is required')
    return chosen.map((name) => join(path, name))
  } catch (cause) {
    wrong(path, 'file_unreadable', `\`${basename(path)}\`: ${reasonOf(cause)}`)
    return []
  }
}
