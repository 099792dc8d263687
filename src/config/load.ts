import { createHash } from 'node:crypto'
import { access } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { PlacedProblem, Problem } from '../model/problem.ts'
import type { Secret } from '../model/secret.ts'
import type { Settings } from '../model/settings.ts'
import { crossCheck } from './cross-check.ts'
import { issuerSchema } from './identity-schema.ts'
import { readText, reasonOf } from './read-file.ts'
import { type Config, configSchema } from './schema.ts'
import { type Environment, resolveSecret } from './secrets.ts'
import { settingsOf } from './settings.ts'
import { shapeProblems, withDefaults } from './shape.ts'
import { type Path, parseYaml, type YamlFile } from './yaml.ts'

export interface LoadOptions {
  readonly env: Environment
  /** False leaves every reference to a secret unresolved: keys are null then. */
  readonly secrets: boolean
}

export interface LoadedConfig {
  readonly settings: Settings | null
  /** The config as written, with every default in place and secrets as references; null when it has problems. */
  readonly config: Config | null
  readonly problems: readonly PlacedProblem[]
  /** Absolute paths of everything that was read or looked for, to watch. */
  readonly files: readonly string[]
  /** `sha256:…` of everything that the settings were built from. */
  readonly digest: string
}

/** Reads, checks and resolves a config. Reports every problem at once; never throws, and never repeats a secret. */
export async function loadConfig(file: string, { env, secrets }: LoadOptions): Promise<LoadedConfig> {
  const path = resolve(file)
  const base = dirname(path)
  const read = await readText(path)
  if (!read.ok) {
    const problem = { file, line: 1, column: 1, severity: 'error', code: read.code, message: read.message } as const
    return { settings: null, config: null, problems: [problem], files: [path], digest: 'sha256:' }
  }
  const yaml = parseYaml(read.text, file)
  const hash = createHash('sha256').update(read.digest)
  const schema = configSchema({ issuer: issuerSchema })
  const shape = yaml.partial === null ? [] : shapeProblems(schema, yaml.partial)
  if (yaml.partial === null || shape.length > 0 || yaml.problems.length > 0) {
    const problems = [...yaml.problems, ...placed(file, yaml, shape)]
    return { settings: null, config: null, problems, files: [path], digest: `sha256:${hash.digest('hex')}` }
  }
  const config = withDefaults(schema, yaml.partial) as unknown as Config
  const files = [path]
  const found = [...crossCheck(config), ...(await fileProblems(config, base, files))]
  const keys = secrets ? resolveSecrets(config, base, env, files, found) : new Map<string, Secret>()
  for (const [name, key] of keys)
    hash.update(JSON.stringify([name, createHash('sha256').update(key.reveal()).digest('hex')]))
  const problems = placed(file, yaml, found)
  const settings = problems.some(({ severity }) => severity === 'error') ? null : settingsOf(config, base, keys)
  return { settings, config, problems, files, digest: `sha256:${hash.digest('hex')}` }
}

function placed(file: string, yaml: YamlFile, problems: readonly Problem[]): PlacedProblem[] {
  const isReported = (path: Path) =>
    yaml.reported.some((known) => known.length <= path.length && known.every((step, index) => path[index] === step))
  return problems
    .filter(({ path }) => !isReported(path))
    .map(({ path, at, severity, code, message }) => ({ file, ...yaml.place(path, at), severity, code, message }))
}

async function fileProblems(config: Config, base: string, files: string[]): Promise<Problem[]> {
  const named: [Path, string][] = config.policies.map((path, index) => [['policies', index], path])
  for (const [index, { jwks }] of config.identity.issuers.entries()) {
    if (jwks.file !== undefined) named.push([['identity', 'issuers', index, 'jwks', 'file'], jwks.file])
  }
  const found: Problem[] = []
  for (const [path, written] of named) {
    const file = resolve(base, written)
    if (path[0] !== 'policies') files.push(file)
    try {
      await access(file)
    } catch (cause) {
      found.push({ path, severity: 'error', code: 'file_missing', message: `\`${written}\`: ${reasonOf(cause)}` })
    }
  }
  return found
}

function resolveSecrets(
  config: Config,
  base: string,
  env: Environment,
  files: string[],
  found: Problem[],
): Map<string, Secret> {
  const keys = new Map<string, Secret>()
  for (const [index, { name, api_key: reference }] of config.upstreams.entries()) {
    if (!reference) continue
    if ('file' in reference) files.push(resolve(base, reference.file))
    const secret = resolveSecret(reference, base, env)
    if (secret.ok) keys.set(name, secret.value)
    else found.push({ path: ['upstreams', index, 'api_key'], severity: 'error', ...secret.fault })
  }
  return keys
}
