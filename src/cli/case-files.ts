import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { readText, reasonOf } from '../config/read-file.ts'
import { parseYaml } from '../config/yaml.ts'
import type { Path, Place } from '../config/yaml-outline.ts'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { caseSchema } from '../policy/case-schema.ts'
import { policySchema } from '../policy/schema.ts'
import { shapeProblems } from '../schema/shape.ts'

export interface CaseUpstream {
  readonly name: string
  readonly models?: readonly string[]
  readonly region?: string
  readonly labels?: { readonly [name: string]: string }
}

interface CaseDocument {
  readonly policy?: JsonValue
  readonly upstreams?: readonly CaseUpstream[]
  readonly requests?: readonly JsonObject[]
  readonly tests?: readonly JsonObject[]
}

/** One file, strictly read. `name` is its absolute path. */
export interface CaseFile {
  readonly name: string
  readonly document: CaseDocument
  readonly digest: string
  readonly place: (path: Path, at?: 'key' | 'value') => ReturnType<Place>
}

/**
 * Reads files and the `*.yaml` and `*.yml` files of folders, by name; every problem at once where there is one. A policy
 * file is a policy of its own, unless it holds nothing but tests: these are asked as those of any other file.
 */
export async function readCaseFiles(
  paths: readonly string[],
  cwd: string,
): Promise<Result<readonly CaseFile[], readonly PlacedProblem[]>> {
  const problems: PlacedProblem[] = []
  const files: CaseFile[] = []
  for (const file of await filesOf(paths, cwd, problems)) {
    const read = await readCaseFile(file)
    if (read.ok) files.push(read.value)
    else problems.push(...read.fault)
  }
  return problems.length === 0 ? ok(files) : failed(problems)
}

async function readCaseFile(file: string): Promise<Result<CaseFile, readonly PlacedProblem[]>> {
  const read = await readText(file)
  if (!read.ok) return failed([unreadable(file, read.code, read.message)])
  const { document, problems, place } = parseYaml(read.text, file)
  if (document === null) return failed(problems)
  const isPolicyFile = isJsonObject(document) && ownValue(document, 'version') !== undefined
  if (isPolicyFile && Object.keys(document).some((key) => key !== 'version' && key !== 'tests')) {
    const whole = { name: file, document: { policy: document }, digest: read.digest }
    return ok({ ...whole, place: (path, at) => place(path[0] === 'policy' ? path.slice(1) : path, at) })
  }
  const found = shapeProblems(isPolicyFile ? policySchema : caseSchema, document).map(
    ({ path, at, severity, code, message }): PlacedProblem => ({ file, ...place(path, at), severity, code, message }),
  )
  if (found.length > 0) return failed(found)
  const { version: _, ...cases } = document as CaseDocument & { readonly version?: number }
  return ok({ name: file, document: cases, digest: read.digest, place })
}

async function filesOf(paths: readonly string[], cwd: string, problems: PlacedProblem[]): Promise<Set<string>> {
  const files = new Set<string>()
  for (const written of paths) {
    const path = resolve(cwd, written)
    try {
      const isFolder = (await stat(path)).isDirectory()
      const names = isFolder ? (await readdir(path)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort() : []
      if (!isFolder) files.add(path)
      for (const name of names) files.add(join(path, name))
      if (isFolder && names.length === 0)
        problems.push(unreadable(path, 'empty_folder', 'the folder has no `*.yaml` file'))
    } catch (cause) {
      problems.push(unreadable(path, 'file_unreadable', reasonOf(cause)))
    }
  }
  return files
}

function unreadable(file: string, code: string, message: string): PlacedProblem {
  return { file, line: 1, column: 1, severity: 'error', code, message }
}
