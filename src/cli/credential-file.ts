import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { Secret } from '../model/secret.ts'
import { parseStrictJson } from '../model/strict-json.ts'
import type { CommandIo } from './command.ts'

const MAX_BYTES = 1024 * 1024
const LIMITS = { depth: 8, members: 5000, containers: 2000, values: 10_000 }
const NAME = 'credentials.json'

/** What a sign-in at one proxy has brought. */
export interface TerminalCredential {
  readonly token: Secret
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** Null where somebody has to sign in again when the token ends. */
  readonly refresh: Secret | null
  readonly user: string
  /** Who vouches, as the proxy calls them. */
  readonly issuer: string
  /** The absolute path of the certificates that are trusted; null for those of the system. */
  readonly ca: string | null
}

/** By the URL of the proxy. */
export type TerminalCredentials = ReadonlyMap<string, TerminalCredential>

/** The folder of this user's credentials. */
export function credentialFolder({ env }: CommandIo): string {
  const named = env.XDG_CONFIG_HOME
  // The specification of these variables: what is not absolute is ignored.
  const base = named !== undefined && isAbsolute(named) ? named : join(env.HOME || homedir(), '.config')
  return join(base, 'sallyport')
}

/** Makes the folder for this user alone. The fault is for people. */
export function ensureFolder(folder: string): Result<null, string> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const found = lstatSync(folder)
    if (!found.isDirectory()) return failed(`\`${folder}\` is no folder`)
    return isOwn(found) && (found.mode & 0o022) === 0
      ? ok(null)
      : failed(`others may write to \`${folder}\`: \`chmod 700\` it`)
  } catch (cause) {
    return failed(`\`${folder}\` cannot be used (${codeOf(cause)})`)
  }
}

/** Reads the credentials; none where there is no file. Those that others may read are no secret any more: refused. */
export function readCredentials(folder: string): Result<TerminalCredentials, string> {
  const file = join(folder, NAME)
  let handle: number | null = null
  try {
    handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = fstatSync(handle)
    if (!found.isFile() || !isOwn(found)) return failed(`\`${file}\` is no file of yours: move it away`)
    if ((found.mode & 0o077) !== 0) {
      return failed(`others may read \`${file}\`: remove it, and sign in again, as they may know what it holds`)
    }
    if (found.size > MAX_BYTES) return damaged(file)
    return credentialsOf(file, readFileSync(handle))
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return ok(new Map())
    return failed(
      codeOf(cause) === 'ELOOP'
        ? `\`${file}\` is a link: move it away`
        : `\`${file}\` cannot be read (${codeOf(cause)})`,
    )
  } finally {
    if (handle !== null) closeSync(handle)
  }
}

/** Puts the credentials in the place of those of before, in one step. The fault is for people. */
export function writeCredentials(folder: string, credentials: TerminalCredentials): Result<null, string> {
  const file = join(folder, NAME)
  const next = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = openSync(next, 'wx', 0o600)
    try {
      writeFileSync(handle, textOf(credentials))
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(next, file)
    return ok(null)
  } catch (cause) {
    rmSync(next, { force: true })
    return failed(`\`${file}\` cannot be written (${codeOf(cause)})`)
  }
}

function isOwn({ uid }: Stats): boolean {
  return process.getuid === undefined || uid === process.getuid()
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}

function damaged(file: string): Result<never, string> {
  return failed(`\`${file}\` is damaged: remove it, and sign in again`)
}

function textOf(credentials: TerminalCredentials): string {
  const entries = [...credentials].map(([url, { token, expiresAt, refresh, user, issuer, ca }]) => {
    const secrets = { token: token.reveal(), refresh_token: refresh?.reveal() ?? null }
    return [url, { ...secrets, expires_at: new Date(expiresAt).toISOString(), user, issuer, ca }] as const
  })
  return `${JSON.stringify({ version: 1, proxies: Object.fromEntries(entries) }, null, 2)}\n`
}

function credentialsOf(file: string, bytes: Buffer): Result<TerminalCredentials, string> {
  const parsed = parseStrictJson(bytes, LIMITS)
  const proxies = parsed.ok && parsed.value.value.version === 1 ? ownValue(parsed.value.value, 'proxies') : null
  if (!isJsonObject(proxies)) return damaged(file)
  const credentials = new Map<string, TerminalCredential>()
  for (const [url, value] of Object.entries(proxies)) {
    const credential = isJsonObject(value) ? credentialOf(value) : null
    if (credential === null) return damaged(file)
    credentials.set(url, credential)
  }
  return ok(credentials)
}

const isText = (value: JsonValue | undefined) => typeof value === 'string'

function credentialOf(value: JsonObject): TerminalCredential | null {
  const { token, refresh_token = null, expires_at, user, issuer, ca = null } = value
  if (!isText(token) || !isText(expires_at) || !isText(user) || !isText(issuer)) return null
  if ((refresh_token !== null && !isText(refresh_token)) || (ca !== null && !isText(ca))) return null
  const expiresAt = Date.parse(expires_at)
  if (Number.isNaN(expiresAt)) return null
  const refresh = refresh_token === null ? null : new Secret(refresh_token)
  return { token: new Secret(token), expiresAt, refresh, user, issuer, ca }
}
