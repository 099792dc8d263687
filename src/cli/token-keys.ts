import { printableJson } from '../config/report.ts'
import { readTokenKeys } from '../config/tokens-key.ts'
import { ringOfTexts } from '../identity/tokens/keys.ts'
import type { Settings, TokenKeyFile } from '../model/settings.ts'
import { newTokenKey, SIGNS_AFTER_MS } from '../serving/token-ring.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { TokenKeyRecord } from '../stores/token-keys.ts'
import type { CommandIo, CommonOptions } from './command.ts'
import { isoTime, operator, Unusable } from './store-command.ts'

/** The keys in the files of the config, the one that signs first. */
export async function listFileKeys(
  options: CommonOptions,
  files: readonly TokenKeyFile[],
  io: CommandIo,
): Promise<void> {
  const [key, ...previous] = files.map(({ file }) => ({ file }))
  const read = await readTokenKeys({ key, previous }, '/')
  const [problem] = read.problems
  if (problem !== undefined) throw new Unusable(problem.message)
  const records = files.map(({ file }, index): Listed => {
    const pem = read.texts.get(file)
    if (pem === undefined) throw new Unusable(`the key \`${file}\` cannot be read`)
    const { kid } = ringOfTexts([pem]).signing
    return { id: kid, status: index === 0 ? 'signs' : 'verifies', file, created: null, signs_from: null, retired: null }
  })
  write(options, records, io)
}

/** The keys of the store, oldest first. */
export async function listKeys(options: CommonOptions, { tokenKeys }: KeyStore, io: CommandIo): Promise<void> {
  write(options, listed(await tokenKeys.records(), Date.now()), io)
}

/** Makes a key in the store that signs when every process knows it. */
export async function rotateKey(
  options: CommonOptions,
  { tokenKeys }: KeyStore,
  settings: Settings,
  io: CommandIo,
): Promise<void> {
  mustBeInStore(settings)
  const now = Date.now()
  // The first one has nobody to wait for it.
  const isFirst = (await tokenKeys.usable()).length === 0
  const key = newTokenKey(now, isFirst ? now : now + SIGNS_AFTER_MS)
  await tokenKeys.add(key, operator())
  const signsFrom = isoTime(key.signsFrom)
  if (options.json) io.stdout.write(`${printableJson({ id: key.kid, signs_from: signsFrom })}\n`)
  else io.stdout.write(`id          ${key.kid}\nsigns from  ${signsFrom}\n`)
  io.stderr.write('tokens that older keys have signed are valid until they end, or those keys are retired\n')
}

/** Takes a key of the store out of use for good. */
export async function retireKey(
  options: CommonOptions & { readonly id: string },
  { tokenKeys }: KeyStore,
  settings: Settings,
  io: CommandIo,
): Promise<void> {
  mustBeInStore(settings)
  const { id } = options
  switch (await tokenKeys.retire(id, Date.now(), operator())) {
    case 'unknown':
      throw new Unusable(`there is no such key \`${id.slice(0, 64)}\`: \`sallyport tokens keys\` shows them`)
    case 'last':
      throw new Unusable(
        'the last key cannot be retired, for nothing could be signed then: make another one with `sallyport tokens rotate-key`, and wait a minute',
      )
    case 'signing':
      throw new Unusable(
        `\`${id}\` is the key that signs: make another one with \`sallyport tokens rotate-key\`, and retire this one when that signs`,
      )
    case 'already':
    case 'retired':
  }
  const retired = (await tokenKeys.records()).find(({ kid }) => kid === id)?.retiredAt ?? null
  if (options.json) io.stdout.write(`${printableJson({ id, retired: isoTime(retired) })}\n`)
  else io.stdout.write(`${id} is retired; a running proxy believes no token that it has signed after 10 s\n`)
}

function mustBeInStore({ tokens }: Settings): void {
  if (tokens === null) throw new Unusable('the config asks for no tokens of the proxy: write `identity.tokens`')
  if (tokens.keys.kind === 'store') return
  throw new Unusable(
    'the keys stand in files: name the new one in `identity.tokens.key`, and the old one in `previous` until its tokens have ended',
  )
}

interface Listed {
  readonly id: string
  /** `signs`: new tokens; `verifies`: old ones; `waits` to be the one that signs, and verifies. */
  readonly status: 'signs' | 'verifies' | 'waits' | 'retired'
  readonly file: string | null
  /** ISO times. */
  readonly created: string | null
  readonly signs_from: string | null
  readonly retired: string | null
}

function listed(records: readonly TokenKeyRecord[], now: number): Listed[] {
  const usable = records.filter(({ retiredAt }) => retiredAt === null)
  const signing = usable.findLast(({ signsFrom }) => signsFrom <= now) ?? usable[0]
  return records.map(({ kid, createdAt, signsFrom, retiredAt }) => ({
    id: kid,
    status: retiredAt !== null ? 'retired' : kid === signing?.kid ? 'signs' : signsFrom > now ? 'waits' : 'verifies',
    file: null,
    created: isoTime(createdAt),
    signs_from: isoTime(signsFrom),
    retired: isoTime(retiredAt),
  }))
}

function write(options: CommonOptions, records: readonly Listed[], io: CommandIo): void {
  io.stdout.write(options.json ? `${printableJson(records, 2)}\n` : table(records))
}

function table(records: readonly Listed[]): string {
  if (records.length === 0) return 'no keys yet: a proxy makes the first one when it starts\n'
  const rows = records.map(({ id, status, created, file, retired }) => [
    id,
    status,
    created ?? file ?? '-',
    retired ?? '-',
  ])
  const line = ([id = '', status = '', created = '', retired = '']: readonly string[]) =>
    `${id.padEnd(43)}  ${status.padEnd(8)}  ${created.padEnd(24)}  ${retired}`.trimEnd()
  return `${[['ID', 'STATUS', 'CREATED', 'RETIRED'], ...rows].map(line).join('\n')}\n`
}
