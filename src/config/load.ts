import { createHash } from 'node:crypto'
import { access } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Check } from 'typebox/value'
import type { PlacedProblem, Problem } from '../model/problem.ts'
import type { Secret } from '../model/secret.ts'
import type { Settings } from '../model/settings.ts'
import { type Draft, soundDraft } from '../schema/draft.ts'
import type { SecretReference } from '../schema/parts.ts'
import { shapeProblems, withDefaults } from '../schema/shape.ts'
import { readClientCa } from './client-ca.ts'
import { crossCheck } from './cross-check.ts'
import { issuerSchema } from './identity-schema.ts'
import { introspectionSecretName } from './introspection.ts'
import { keySetFileFault } from './key-set-file.ts'
import { certificatesFault } from './ldap-check.ts'
import { ldapSecretName } from './ldap-settings.ts'
import { loginSecretName } from './login-settings.ts'
import { readMtls } from './mtls.ts'
import { type ConfigNames, configNames } from './names.ts'
import { notBuiltConfig } from './not-built.ts'
import { NO_SUCH_FILE, readText, reasonOf } from './read-file.ts'
import { isReported } from './reported.ts'
import { readSaml } from './saml-files.ts'
import { type Config, configSchema } from './schema.ts'
import { scimTokenProblems } from './scim-check.ts'
import { SCIM_SECRET } from './scim-schema.ts'
import { type Environment, resolveSecret, type SecretForm } from './secrets.ts'
import { settingsOf } from './settings.ts'
import { postgresServer } from './store.ts'
import { readTls } from './tls.ts'
import { readTokenKeys } from './tokens-key.ts'
import { parseYaml, type YamlFile } from './yaml.ts'
import type { Path } from './yaml-outline.ts'

export interface LoadOptions {
  readonly env: Environment
  /** False leaves every reference to a secret unresolved: keys are null then. `store`: all but that of the store. */
  readonly secrets: boolean | 'store'
}

export interface LoadedConfig {
  readonly settings: Settings | null
  /** The config as written, with every default in place and secrets as references; null when it has problems. */
  readonly config: Config | null
  readonly problems: readonly PlacedProblem[]
  /** Absolute paths of the policy files and folders that are there, known even when the config has problems elsewhere. */
  readonly policies: readonly string[]
  /** What policies may refer to, known as far as it could be read even when the config has problems. */
  readonly names: ConfigNames
  /** Places a problem of the config that is found later. */
  readonly place: (problem: Problem) => PlacedProblem
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
    const problem = {
      file,
      line: 1,
      column: 1,
      severity: 'error',
      code: 'config_unreadable',
      message: read.message === NO_SUCH_FILE ? `${NO_SUCH_FILE}; name yours with \`--config FILE\`` : read.message,
    } as const
    const names = configNames({}, [])
    const place = ({ path: _, at: __, ...rest }: Problem) => ({ ...problem, ...rest })
    const nothing = { settings: null, config: null, policies: [], files: [path], digest: 'sha256:' }
    return { ...nothing, problems: [problem], names, place }
  }
  const yaml = parseYaml(read.text, file)
  const hash = createHash('sha256').update(read.digest)
  const schema = configSchema({ issuer: issuerSchema })
  const files = [path]
  const policies: string[] = []
  const written = yaml.partial
  const shape = written === null ? [] : shapeProblems(schema, written, notBuiltConfig)
  const draft = (written === null ? {} : soundDraft(schema, written)) as Draft<Config>
  const absent = await fileProblems(draft, base, files, policies)
  const now = Date.now()
  const clientCa = await readClientCa(draft.listen?.tls?.client_ca?.file, base, now)
  const tls = await readTls(draft.listen?.tls, base, secrets === true ? env : null, now, clientCa)
  const mtls = await readMtls(draft.identity?.mtls, base, clientCa.pem, now)
  const tokenKeys = secrets === true ? await readTokenKeys(draft.identity?.tokens, base) : null
  const saml = await readSaml(draft.identity?.saml ?? [], base, secrets === true ? env : null, now)
  files.push(...tls.files, ...mtls.files, ...saml.files, ...(tokenKeys?.files ?? []))
  for (const digest of [tls.digest, mtls.digest, saml.digest, ...(tokenKeys?.digests ?? [])]) hash.update(digest)
  const unsound = shape.map(({ path }) => path)
  const cross = crossCheck(draft).filter(({ code, ...where }) => code !== 'incomplete' || !isReported(unsound, where))
  const besides = [...tls.problems, ...mtls.problems, ...saml.problems, ...(tokenKeys?.problems ?? [])]
  const found = [...shape, ...cross, ...absent, ...besides]
  const keys = secrets === true ? resolveSecrets(draft, base, env, files, found) : new Map<string, Secret>()
  const storeUrl = secrets === false ? null : resolveStore(draft, base, env, files, found)
  if (storeUrl !== null) hash.update(JSON.stringify(['store', fingerprint(storeUrl)]))
  for (const [name, key] of keys) hash.update(JSON.stringify([name, fingerprint(key)]))
  const digest = `sha256:${hash.digest('hex')}`
  const problems = [...yaml.problems, ...placed(file, yaml, found)]
  const names = configNames(draft, [...yaml.reported.map((path) => ({ path, code: '' })), ...shape, ...absent])
  const place = ({ path: at, at: which, ...rest }: Problem) => ({ file, ...yaml.place(at, which), ...rest })
  if (yaml.document === null || problems.some(({ severity }) => severity === 'error')) {
    return { settings: null, config: null, problems, policies, names, place, files, digest }
  }
  if (!Check(schema, yaml.document)) throw new Error('the check of the config and its schema disagree')
  const config = withDefaults(schema, yaml.document) as unknown as Config
  const settings = settingsOf(config, base, {
    keys,
    tls: tls.settings,
    storeUrl,
    tokenKeys: tokenKeys?.texts ?? null,
    saml,
    mtls,
  })
  return { settings, config, problems, policies, names, place, files, digest }
}

function fingerprint(secret: Secret): string {
  return createHash('sha256').update(secret.reveal()).digest('hex')
}

function placed(file: string, yaml: YamlFile, problems: readonly Problem[]): PlacedProblem[] {
  return problems
    .filter((problem) => !isReported(yaml.reported, problem))
    .map(({ path, at, severity, code, message }) => ({ file, ...yaml.place(path, at), severity, code, message }))
}

async function fileProblems(
  config: Draft<Config>,
  base: string,
  files: string[],
  policies: string[],
): Promise<Problem[]> {
  const named: [Path, string][] = []
  for (const [index, written] of (config.policies ?? []).entries()) {
    if (written !== undefined) named.push([['policies', index], written])
  }
  for (const [index, entry] of (config.identity?.issuers ?? []).entries()) {
    const jwks = entry?.jwks
    if (jwks?.file !== undefined) named.push([['identity', 'issuers', index, 'jwks', 'file'], jwks.file])
  }
  for (const [index, entry] of (config.identity?.ldap ?? []).entries()) {
    if (entry?.ca?.file !== undefined) named.push([['identity', 'ldap', index, 'ca', 'file'], entry.ca.file])
  }
  const found: Problem[] = []
  for (const [path, written] of named) {
    const file = resolve(base, written)
    files.push(file)
    try {
      await access(file)
      const check = path[1] === 'ldap' ? certificatesFault : keySetFileFault
      const fault = path[0] === 'policies' ? null : await check(file)
      if (path[0] === 'policies') policies.push(file)
      if (fault) found.push({ path, severity: 'error', code: fault.code, message: `\`${written}\`: ${fault.message}` })
    } catch (cause) {
      found.push({ path, severity: 'error', code: 'file_missing', message: `\`${written}\`: ${reasonOf(cause)}` })
    }
  }
  return found
}

function resolveSecrets(
  config: Draft<Config>,
  base: string,
  env: Environment,
  files: string[],
  found: Problem[],
): Map<string, Secret> {
  const keys = new Map<string, Secret>()
  const resolveOne = (name: string, path: Path, reference: SecretReference | undefined, form: SecretForm) => {
    if (!reference) return
    if ('file' in reference) files.push(resolve(base, reference.file))
    const secret = resolveSecret(reference, base, env, form)
    if (secret.ok) keys.set(name, secret.value)
    else found.push({ path, severity: 'error', ...secret.fault })
  }
  for (const [index, entry] of (config.upstreams ?? []).entries()) {
    const reference = entry?.api_key as SecretReference | undefined
    resolveOne(entry?.name ?? '', ['upstreams', index, 'api_key'], reference, 'header')
  }
  for (const [index, entry] of (config.identity?.issuers ?? []).entries()) {
    const login = entry?.login?.client_secret as SecretReference | undefined
    const path = ['identity', 'issuers', index]
    resolveOne(loginSecretName(entry?.name ?? ''), [...path, 'login', 'client_secret'], login, 'text')
    const asking = entry?.introspection?.client_secret as SecretReference | undefined
    const name = introspectionSecretName(entry?.name ?? '')
    resolveOne(name, [...path, 'introspection', 'client_secret'], asking, 'text')
  }
  for (const [index, entry] of (config.identity?.ldap ?? []).entries()) {
    const reference = entry?.bind_password as SecretReference | undefined
    resolveOne(ldapSecretName(entry?.name ?? ''), ['identity', 'ldap', index, 'bind_password'], reference, 'text')
  }
  resolveOne(SCIM_SECRET, ['identity', 'scim', 'token'], config.identity?.scim?.token as SecretReference, 'header')
  found.push(...scimTokenProblems(keys.get(SCIM_SECRET)))
  return keys
}

/** Null where the store is written without a reference, or its reference leads to no URL. */
function resolveStore(
  { store }: Draft<Config>,
  base: string,
  env: Environment,
  files: string[],
  found: Problem[],
): Secret | null {
  if (typeof store !== 'object') return null
  const reference = store as SecretReference
  if ('file' in reference) files.push(resolve(base, reference.file))
  const secret = resolveSecret(reference, base, env)
  const server = secret.ok ? postgresServer(secret.value.reveal(), base) : secret
  if (secret.ok && server.ok) return secret.value
  if (!server.ok) found.push({ path: ['store'], severity: 'error', ...server.fault })
  return null
}
