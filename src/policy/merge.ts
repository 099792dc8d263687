import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { Problem } from '../model/problem.ts'
import { type Draft, soundDraft } from '../schema/draft.ts'
import { shapeProblems } from '../schema/shape.ts'
import { notBuiltPolicy } from './not-built.ts'
import {
  type PolicyDocument,
  policySchema,
  type RoleDocument,
  type RuleDocument,
  type TestDocument,
  type TransformDocument,
  type WorkspaceDocument,
} from './schema.ts'

/** One policy file, strictly read. `digest` is the SHA-256 of its bytes, in hexadecimal. */
export interface PolicyText {
  readonly name: string
  readonly document: JsonValue
  readonly digest: string
}

export interface FileProblem extends Problem {
  readonly file: string
}

/** A definition and its place. Parts of the value are missing where the file has a problem. */
export interface Placed<Value> {
  readonly file: string
  readonly path: Problem['path']
  readonly value: Value
}

type Definitions<Value> = ReadonlyMap<string, Placed<Draft<Value> | undefined>>

/** Several files as one policy. */
export interface Merged {
  readonly roles: Definitions<RoleDocument>
  readonly models: Definitions<readonly string[]>
  readonly aliases: Definitions<string>
  readonly workspaces: Definitions<WorkspaceDocument>
  readonly rules: readonly Placed<Draft<RuleDocument>>[]
  readonly transforms: readonly Placed<Draft<TransformDocument>>[]
  readonly tests: readonly Placed<Draft<TestDocument>>[]
}

export function problemAt(
  { file, path }: Pick<Placed<unknown>, 'file' | 'path'>,
  inner: Problem['path'],
  code: string,
  message: string,
  at: 'key' | 'value' = 'value',
): FileProblem {
  return { file, path: [...path, ...inner], at, severity: 'error', code, message }
}

/** Joins files, with every difference from the schema and every name that is defined twice. */
export function mergeSources(sources: readonly PolicyText[]): { merged: Merged; problems: FileProblem[] } {
  const problems: FileProblem[] = []
  const drafts = sources.map(({ name: file, document }) => {
    problems.push(...shapeProblems(policySchema, document, notBuiltPolicy).map((problem) => ({ ...problem, file })))
    const draft = (isJsonObject(document) ? soundDraft(policySchema, document) : {}) as Draft<PolicyDocument>
    return { file, document, draft }
  })
  function joined<Value>(key: 'roles' | 'models' | 'aliases' | 'workspaces'): Definitions<Value> {
    const all = new Map<string, Placed<Draft<Value> | undefined>>()
    for (const { file, document, draft } of drafts) {
      const written = isJsonObject(document) ? ownValue(document, key) : undefined
      const sound = (draft[key] ?? {}) as { readonly [name: string]: Draft<Value> | undefined }
      for (const name of isJsonObject(written) ? Object.keys(written) : []) {
        const value = Object.hasOwn(sound, name) ? sound[name] : undefined
        const placed = { file, path: [key, name], value }
        if (name === '') problems.push(problemAt(placed, [], 'wrong_name', 'a name must not be empty', 'key'))
        if (all.has(name)) problems.push(twice(placed, `\`${name}\``))
        else all.set(name, placed)
      }
    }
    return all
  }
  const listed = <Key extends 'rules' | 'transforms' | 'tests'>(key: Key) =>
    drafts.flatMap(({ file, draft }) =>
      (draft[key] ?? []).flatMap((value, index) => (value === undefined ? [] : [{ file, path: [key, index], value }])),
    ) as unknown as Merged[Key]
  const merged: Merged = {
    roles: joined('roles'),
    models: joined('models'),
    aliases: joined('aliases'),
    workspaces: joined('workspaces'),
    rules: listed('rules'),
    transforms: listed('transforms'),
    tests: listed('tests'),
  }
  problems.push(...repeatedIds(merged.rules, 'rule'), ...repeatedIds(merged.transforms, 'transform'))
  return { merged, problems }
}

function twice(placed: Placed<unknown>, what: string): FileProblem {
  return problemAt(placed, [], 'duplicate', `${what} is defined twice; another place has this name`, 'key')
}

function repeatedIds(entries: Merged['rules' | 'transforms'], what: string): FileProblem[] {
  const seen = new Set<string>()
  return entries.flatMap((entry) => {
    const { id } = entry.value
    if (id === undefined) return []
    if (seen.has(id))
      return [problemAt(entry, ['id'], 'duplicate', `another ${what} has this \`id\`; each one needs its own`)]
    seen.add(id)
    return []
  })
}
