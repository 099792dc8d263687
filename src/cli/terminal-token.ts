import { join } from 'node:path'
import { type JsonObject, ownValue } from '../model/json.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { Secret } from '../model/secret.ts'
import {
  ensureFolder,
  readCredentials,
  type TerminalCredential,
  type TerminalCredentials,
  writeCredentials,
} from './credential-file.ts'
import { withLock } from './file-lock.ts'

/** What a header can carry, and no more than that (RFC 6750 section 2.1). */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/
const MAX_TOKEN = 16 * 1024
const MAX_LIFE_SECONDS = 366 * 86_400
/** One renewal of another process takes less. Milliseconds. */
const LOCK_MS = 45_000

/** Reads the answer that brings a token; null for one that no proxy gives. `ca`: what the proxy is trusted by. */
export function credentialOfAnswer(body: JsonObject, ca: string | null, now: number): TerminalCredential | null {
  const [token, expiresIn, refresh, user, issuer] = [
    ...['access_token', 'expires_in', 'refresh_token', 'user', 'issuer'],
  ].map((name) => ownValue(body, name))
  if (!isToken(token) || (refresh !== undefined && !isToken(refresh))) return null
  if (typeof expiresIn !== 'number' || expiresIn < 0 || expiresIn > MAX_LIFE_SECONDS) return null
  if (typeof user !== 'string' || typeof issuer !== 'string') return null
  const expiresAt = now + Math.floor(expiresIn) * 1000
  const secrets = { token: new Secret(token), refresh: refresh === undefined ? null : new Secret(refresh) }
  return { ...secrets, expiresAt, user, issuer, ca }
}

/** A text that is safe to print, and to send. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TOKEN && TOKEN.test(value)
}

/**
 * Changes the credentials while no other process does: `change` is told of those that are there, and answers those that
 * shall be, or null to leave them. The fault is for people.
 */
export async function changeCredentials(
  folder: string,
  change: (present: TerminalCredentials) => Promise<TerminalCredentials | null> | TerminalCredentials | null,
): Promise<Result<null, string>> {
  const ready = ensureFolder(folder)
  if (!ready.ok) return ready
  const changed = await withLock(join(folder, 'credentials.lock'), LOCK_MS, async () => {
    const present = readCredentials(folder)
    if (!present.ok) return present
    const next = await change(present.value)
    return next === null ? ok(null) : writeCredentials(folder, next)
  })
  return changed ?? failed(`another process holds \`${join(folder, 'credentials.lock')}\`: try again`)
}
