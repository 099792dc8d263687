import { hostname, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { printableJson } from '../config/report.ts'
import { hashSecret } from '../identity/argon2.ts'
import { mintKey } from '../identity/key-format.ts'
import type { StoredKey } from '../model/ports.ts'
import type { Settings } from '../model/settings.ts'
import { DURATION_PATTERN, durationMs } from '../model/units.ts'
import { type KeyStore, type Operator, openKeyStore } from '../stores/keys.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { grantWarnings } from './grant-warnings.ts'
import { keyRecord, keyTable } from './key-table.ts'

interface CreateOptions extends CommonOptions {
  readonly action: 'create'
  readonly owner: string
  readonly role?: readonly string[]
  readonly group?: readonly string[]
  readonly workspace?: string
  /** A duration, `90d`. */
  readonly expires?: string
}

interface RotateOptions extends CommonOptions {
  readonly action: 'rotate'
  readonly id: string
  /** How long the new key lives; as long as the old one was to when absent. */
  readonly expires?: string
  /** How long the old key goes on working beside the new one; not at all when absent. */
  readonly overlap?: string
}

type KeysOptions =
  | CreateOptions
  | RotateOptions
  | (CommonOptions & { readonly action: 'list' })
  | (CommonOptions & { readonly action: 'revoke'; readonly id: string })

/** How long a command waits for the store while the proxy writes to it. Milliseconds. */
const BUSY_MS = 5000
const MAX_NAME_LENGTH = 1024

/** A failure that the person at the terminal can do something about. */
class Unusable extends Error {}

/** `sallyport keys …`: API keys in the store of the config. Exit 2 when the config, the store or the key is unusable. */
export async function run(options: KeysOptions, io: CommandIo): Promise<number> {
  try {
    const settings = await settingsOf(options.config, io)
    const opened = openKeyStore(settings.store.file, { busyMs: BUSY_MS })
    if (!opened.ok) throw new Unusable(opened.fault)
    try {
      await act(options, opened.value, io)
    } finally {
      opened.value.close()
    }
    if (!settings.apiKeys.enabled) {
      io.stderr.write('warning: `identity.api_keys.enabled` is false in this config: no API key is accepted\n')
    }
    return EXIT.done
  } catch (error) {
    const message = error instanceof Unusable ? error.message : storeFailure(error)
    if (message === null) throw error
    io.stderr.write(`error: ${message}\n`)
    return EXIT.unusable
  }
}

function act(options: KeysOptions, store: KeyStore, io: CommandIo): Promise<void> {
  switch (options.action) {
    case 'create':
      return create(options, store, io)
    case 'list':
      return list(options, store, io)
    case 'revoke':
      return revoke(options, store, io)
    case 'rotate':
      return rotate(options, store, io)
  }
}

async function create(options: CreateOptions, store: KeyStore, io: CommandIo): Promise<void> {
  const now = Date.now()
  const { key, record } = await mint(
    {
      owner: named('--owner', options.owner),
      roles: distinct('--role', options.role),
      groups: distinct('--group', options.group),
      workspace: options.workspace === undefined ? null : named('--workspace', options.workspace),
      expiresAt: options.expires === undefined ? null : now + duration('--expires', options.expires),
      rotatedFrom: null,
    },
    now,
  )
  await store.create(record, operator())
  show(options, io, key, record)
  for (const warning of await grantWarnings(options.config, record, io)) io.stderr.write(`warning: ${warning}\n`)
}

async function list(options: CommonOptions, store: KeyStore, io: CommandIo): Promise<void> {
  const keys = await store.list()
  const records = keys.map((key) => keyRecord(key, Date.now()))
  io.stdout.write(options.json ? `${printableJson(records, 2)}\n` : keyTable(records))
}

async function revoke(options: CommonOptions & { id: string }, store: KeyStore, io: CommandIo): Promise<void> {
  const outcome = await store.revoke(options.id, Date.now(), operator())
  if (outcome === 'unknown') throw new Unusable(unknownKey(options.id))
  if (options.json) {
    const revokedAt = store.find(options.id)?.revokedAt ?? null
    io.stdout.write(`${printableJson({ id: options.id, revoked: isoTime(revokedAt) })}\n`)
    return
  }
  const message = outcome === 'revoked' ? 'is revoked; a running proxy refuses it within 30 s' : 'was revoked before'
  io.stdout.write(`${options.id} ${message}\n`)
}

async function rotate(options: RotateOptions, store: KeyStore, io: CommandIo): Promise<void> {
  const now = Date.now()
  const old = store.find(options.id)
  if (old === undefined) throw new Unusable(unknownKey(options.id))
  const lifetime = old.expiresAt === null ? null : old.expiresAt - old.createdAt
  const lifeMs = options.expires === undefined ? lifetime : duration('--expires', options.expires)
  const { owner, roles, groups, workspace } = old
  const expiresAt = lifeMs === null ? null : now + lifeMs
  const { key, record } = await mint({ owner, roles, groups, workspace, expiresAt, rotatedFrom: old.id }, now)
  const endsAt = options.overlap === undefined ? now : now + duration('--overlap', options.overlap)
  if (!(await store.replace(old.id, record, endsAt, now, operator()))) {
    throw new Unusable(
      `the key \`${old.id}\` is revoked, over or was replaced before: \`sallyport keys list\` shows it`,
    )
  }
  show(options, io, key, record)
}

type Grant = Pick<StoredKey, 'owner' | 'roles' | 'groups' | 'workspace' | 'expiresAt' | 'rotatedFrom'>

async function mint(grant: Grant, now: number): Promise<{ key: string; record: StoredKey }> {
  const { id, tag, key } = mintKey(now)
  const hash = await hashSecret(key)
  return { key, record: { ...grant, id, tag, hash, createdAt: now, revokedAt: null, lastUsedAt: null } }
}

/** Who runs this, for the audit: what the system says, and never the environment, which anybody can set. */
function operator(): Operator {
  return { user: told(() => userInfo().username), host: told(hostname) }
}

/** Null where the system does not say: a container's user need not have a name. */
function told(ask: () => string): string | null {
  try {
    return ask() || null
  } catch {
    return null
  }
}

/** The only place where a key is ever printed. */
function show(options: CommonOptions, io: CommandIo, key: string, record: StoredKey): void {
  const { id, rotatedFrom } = record
  const expires = isoTime(record.expiresAt)
  if (options.json) {
    const more = rotatedFrom === null ? {} : { rotated_from: rotatedFrom }
    io.stdout.write(`${printableJson({ id, key, expires, ...more })}\n`)
    return
  }
  io.stdout.write(`id       ${id}\nkey      ${key}\nexpires  ${expires ?? 'never'}\n`)
  io.stderr.write('copy the key now: it is not shown again\n')
}

async function settingsOf(config: string, io: CommandIo): Promise<Settings> {
  const loaded = await loadConfig(resolve(io.cwd, config), { env: io.env, secrets: false })
  if (loaded.settings !== null) return loaded.settings
  io.stderr.write(problemText(loaded.problems, io.cwd))
  throw new Unusable('the config is unusable')
}

/** A name that policies and events can carry. */
function named(option: string, value: string): string {
  if (value === '' || value.length > MAX_NAME_LENGTH || /\p{Cc}/u.test(value) || !value.isWellFormed()) {
    throw new Unusable(`\`${option}\` must be 1 to ${MAX_NAME_LENGTH} characters without control characters`)
  }
  return value
}

function distinct(option: string, values: readonly string[] = []): string[] {
  return [...new Set(values.map((value) => named(option, value)))]
}

function duration(option: string, written: string): number {
  if (!new RegExp(DURATION_PATTERN).test(written)) {
    throw new Unusable(`\`${option}\` must be a duration such as \`90d\` or \`12h\``)
  }
  const milliseconds = durationMs(written)
  if (milliseconds > 100 * 365 * 86_400_000) throw new Unusable(`\`${option}\` must be 100 years at most`)
  return milliseconds
}

function unknownKey(id: string): string {
  return `there is no key \`${id.slice(0, 64)}\`: \`sallyport keys list\` shows them`
}

function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

function storeFailure(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!code.startsWith('SQLITE_')) return null
  return code.startsWith('SQLITE_BUSY')
    ? 'the store is held by another process: try again'
    : `the store failed (${code})`
}
