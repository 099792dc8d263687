import { printableJson } from '../config/report.ts'
import { unreachable } from '../model/exhaustive.ts'
import { mintSealingKey, SEALS_AFTER_MS } from '../serving/sealing-ring.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { SealingKeyRecord } from '../stores/sealing-keys.ts'
import type { CommandIo, CommonOptions } from './command.ts'
import { isoTime, operator, Unusable, withStore } from './store-command.ts'

type ObjectsOptions =
  | (CommonOptions & { readonly action: 'rotate-key' | 'list-keys' })
  | (CommonOptions & { readonly action: 'retire-key'; readonly id: string })

/** `sallyport objects …`: the keys that seal the ids of stored objects. Exit 2 when config, store or key is unusable. */
export function run(options: ObjectsOptions, io: CommandIo): Promise<number> {
  return withStore(options, io, (store) => {
    switch (options.action) {
      case 'rotate-key':
        return rotate(options, store, io)
      case 'retire-key':
        return retire(options, store, io)
      case 'list-keys':
        return list(options, store, io)
      default:
        return unreachable(options)
    }
  })
}

async function rotate(options: CommonOptions, { sealing }: KeyStore, io: CommandIo): Promise<void> {
  const now = Date.now()
  const key = mintSealingKey(now, now + SEALS_AFTER_MS)
  await sealing.add(key, operator())
  const sealsFrom = isoTime(key.sealsFrom)
  if (options.json) io.stdout.write(`${printableJson({ id: key.kid, seals_from: sealsFrom })}\n`)
  else io.stdout.write(`id          ${key.kid}\nseals from  ${sealsFrom}\n`)
  io.stderr.write('ids that older keys have sealed go on opening until those keys are retired\n')
}

async function retire(
  options: CommonOptions & { readonly id: string },
  { sealing }: KeyStore,
  io: CommandIo,
): Promise<void> {
  const { id } = options
  switch (await sealing.retire(id, Date.now(), operator())) {
    case 'unknown':
      throw new Unusable(`there is no sealing key \`${id.slice(0, 64)}\`: \`sallyport objects list-keys\` shows them`)
    case 'last':
      throw new Unusable(
        'the last key cannot be retired, for nothing could be sealed then: make another one with `sallyport objects rotate-key`, and wait a minute',
      )
    case 'sealing':
      throw new Unusable(
        `\`${id}\` is the key that seals, and the next one does not seal yet: retire it after ${await nextSealsFrom(sealing, id)}`,
      )
    case 'already':
    case 'retired':
  }
  const retired = (await sealing.records()).find(({ kid }) => kid === id)?.retiredAt ?? null
  if (options.json) io.stdout.write(`${printableJson({ id, retired: isoTime(retired) })}\n`)
  else io.stdout.write(`${id} is retired; a running proxy opens nothing that it has sealed after 10 s\n`)
}

/** When the first of the others seals: an ISO time. */
async function nextSealsFrom(sealing: KeyStore['sealing'], id: string): Promise<string> {
  const others = (await sealing.records()).filter(({ kid, retiredAt }) => kid !== id && retiredAt === null)
  return new Date(Math.min(...others.map(({ sealsFrom }) => sealsFrom))).toISOString()
}

async function list(options: CommonOptions, { sealing }: KeyStore, io: CommandIo): Promise<void> {
  const records = listed(await sealing.records(), Date.now())
  io.stdout.write(options.json ? `${printableJson(records, 2)}\n` : table(records))
}

interface Listed {
  readonly id: string
  /** `seals`: new ids; `opens`: old ones; `waits` to be the one that seals, and opens. */
  readonly status: 'seals' | 'opens' | 'waits' | 'retired'
  /** ISO times. */
  readonly created: string | null
  readonly seals_from: string | null
  readonly retired: string | null
}

/** `records`: the oldest one first. */
function listed(records: readonly SealingKeyRecord[], now: number): Listed[] {
  const usable = records.filter(({ retiredAt }) => retiredAt === null)
  const sealing = usable.findLast(({ sealsFrom }) => sealsFrom <= now) ?? usable[0]
  return records.map(({ kid, createdAt, sealsFrom, retiredAt }) => ({
    id: kid,
    status: retiredAt !== null ? 'retired' : kid === sealing?.kid ? 'seals' : sealsFrom > now ? 'waits' : 'opens',
    created: isoTime(createdAt),
    seals_from: isoTime(sealsFrom),
    retired: isoTime(retiredAt),
  }))
}

function table(records: readonly Listed[]): string {
  if (records.length === 0) return 'no keys yet: a proxy makes the first one when it starts\n'
  const rows = records.map(({ id, status, created, retired }) => [id, status, created ?? '-', retired ?? '-'])
  const line = ([id = '', status = '', created = '', retired = '']: readonly string[]) =>
    `${id.padEnd(6)}  ${status.padEnd(7)}  ${created.padEnd(24)}  ${retired}`.trimEnd()
  return `${[['ID', 'STATUS', 'CREATED', 'RETIRED'], ...rows].map(line).join('\n')}\n`
}
