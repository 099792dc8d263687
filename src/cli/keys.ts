import { printable, printableJson } from '../config/report.ts'
import { mintKey } from '../identity/api-keys/key-format.ts'
import { hashSecret } from '../identity/argon2.ts'
import { unreachable } from '../model/exhaustive.ts'
import type { StoredKey } from '../model/ports.ts'
import { DURATION_PATTERN, durationMs } from '../model/units.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { CommandIo, CommonOptions } from './command.ts'
import { grantWarnings } from './grant-warnings.ts'
import { modelsOf, networksOf } from './key-limits.ts'
import { keyRecord, keyTable } from './key-table.ts'
import { distinct, named } from './named-option.ts'
import { isoTime, operator, Unusable, withStore } from './store-command.ts'

interface CreateOptions extends CommonOptions {
  readonly action: 'create'
  readonly owner: string
  readonly role?: readonly string[]
  readonly group?: readonly string[]
  readonly workspace?: string
  readonly network?: readonly string[]
  readonly model?: readonly string[]
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

/** `sallyport keys …`: API keys in the store of the config. Exit 2 when the config, the store or the key is unusable. */
export function run(options: KeysOptions, io: CommandIo): Promise<number> {
  return withStore(options, io, async (store, settings) => {
    await act(options, store, io)
    if (settings.apiKeys.enabled) return
    io.stderr.write('warning: `identity.api_keys.enabled` is false in this config: no API key is accepted\n')
  })
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
    default:
      return unreachable(options)
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
      networks: networksOf(options.network),
      models: modelsOf(distinct('--model', options.model)),
      expiresAt: options.expires === undefined ? null : now + duration('--expires', options.expires),
      rotatedFrom: null,
    },
    now,
  )
  await store.create(record, operator())
  show(options, io, key, record)
  for (const warning of await grantWarnings(options.config, record, io))
    io.stderr.write(`warning: ${printable(warning)}\n`)
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
    const revokedAt = (await store.find(options.id))?.revokedAt ?? null
    io.stdout.write(`${printableJson({ id: options.id, revoked: isoTime(revokedAt) })}\n`)
    return
  }
  const message = outcome === 'revoked' ? 'is revoked; a running proxy refuses it within 30 s' : 'was revoked before'
  io.stdout.write(`${options.id} ${message}\n`)
}

async function rotate(options: RotateOptions, store: KeyStore, io: CommandIo): Promise<void> {
  const now = Date.now()
  const old = await store.find(options.id)
  if (old === undefined) throw new Unusable(unknownKey(options.id))
  const lifetime = old.expiresAt === null ? null : old.expiresAt - old.createdAt
  const lifeMs = options.expires === undefined ? lifetime : duration('--expires', options.expires)
  const { owner, roles, groups, workspace, networks, models } = old
  const expiresAt = lifeMs === null ? null : now + lifeMs
  const grant = { owner, roles, groups, workspace, networks, models, expiresAt, rotatedFrom: old.id }
  const { key, record } = await mint(grant, now)
  const endsAt = options.overlap === undefined ? now : now + duration('--overlap', options.overlap)
  if (!(await store.replace(old.id, record, endsAt, now, operator()))) {
    throw new Unusable(
      `the key \`${old.id}\` is revoked, over or was replaced before: \`sallyport keys list\` shows it`,
    )
  }
  show(options, io, key, record)
}

type Grant = Pick<
  StoredKey,
  'owner' | 'roles' | 'groups' | 'workspace' | 'networks' | 'models' | 'expiresAt' | 'rotatedFrom'
>

async function mint(grant: Grant, now: number): Promise<{ key: string; record: StoredKey }> {
  const { id, tag, key } = mintKey(now)
  const hash = await hashSecret(key)
  return { key, record: { ...grant, id, tag, hash, createdAt: now, revokedAt: null, lastUsedAt: null } }
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
