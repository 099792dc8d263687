import { printable, printableJson } from '../config/report.ts'
import { unreachable } from '../model/exhaustive.ts'
import { keepsSealingKeys } from '../model/sealing.ts'
import type { Settings } from '../model/settings.ts'
import { SESSION_REVOKED_MS, SUBJECT_REVOKED_MS } from '../serving/revoker.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { Revocation } from '../stores/revocations.ts'
import { columns } from './columns.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { isoTime, operator, Unusable, withSettings, withStore } from './store-command.ts'
import { listFileKeys, listKeys, retireKey, rotateKey } from './token-keys.ts'
import { vouchers } from './vouchers.ts'

type TokensOptions =
  | (CommonOptions & { readonly action: 'keys' | 'rotate-key' | 'revocations' })
  | (CommonOptions & { readonly action: 'retire-key'; readonly id: string })
  | (CommonOptions & WhatToRevoke & { readonly action: 'revoke' })

interface WhatToRevoke {
  readonly tokenId?: string
  readonly issuer?: string
  readonly user?: string
  readonly session?: string
}

/** `sallyport tokens …`: keys of the proxy's own tokens, and what was revoked. Exit 2 when something of it is unusable. */
export async function run(options: TokensOptions, io: CommandIo): Promise<number> {
  if (options.action !== 'keys') {
    return withStore(options, io, (store, settings) => act(options, store, settings, io))
  }
  let isInFiles = false
  const code = await withSettings(options, io, async ({ tokens }) => {
    isInFiles = tokens?.keys.kind === 'files'
    if (tokens?.keys.kind === 'files') await listFileKeys(options, tokens.keys.files, io)
    return EXIT.done
  })
  if (isInFiles || code !== EXIT.done) return code
  return withStore(options, io, (store) => listKeys(options, store, io))
}

async function act(options: TokensOptions, store: KeyStore, settings: Settings, io: CommandIo): Promise<void> {
  switch (options.action) {
    case 'keys':
      return listKeys(options, store, io)
    case 'rotate-key':
      return rotateKey(options, store, settings, io)
    case 'retire-key':
      return retireKey(options, store, settings, io)
    case 'revoke':
      return revoke(options, store, settings, io)
    case 'revocations':
      return list(options, store, io)
    default:
      return unreachable(options)
  }
}

/** What ends the credentials of those who vouch and have no tokens. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['api_keys', '`sallyport keys revoke` ends a key'],
  ['mtls', 'the authority revokes a certificate, by `identity.mtls.crl`'],
  ['tokens', 'name who vouched when the person signed in'],
])

/** As events tell it: SHA-256. */
const TOKEN_ID = /^[0-9a-f]{64}$/

async function revoke(
  options: CommonOptions & WhatToRevoke,
  { revocations }: KeyStore,
  settings: Settings,
  io: CommandIo,
): Promise<void> {
  const what = whatToRevoke(options)
  if (!keepsSealingKeys(settings)) {
    throw new Unusable('no proxy of this config opens its store: nothing would be revoked')
  }
  // API keys go on, whoever they name; users of the store may have tokens from before they were taken out of the config.
  const isVoucher = what.issuer !== 'api_keys' && vouchers(settings).includes(what.issuer)
  if (what.issuer !== '' && what.issuer !== 'local' && !isVoucher) {
    io.stderr.write(printable(`warning: \`${what.issuer.slice(0, 64)}\` is no issuer of this config`).concat('\n'))
  }
  const now = Date.now()
  const lifeMs = what.kind === 'session' ? SESSION_REVOKED_MS : SUBJECT_REVOKED_MS
  const revocation: Revocation = { ...what, before: now, at: now, expiresAt: now + lifeMs }
  await revocations.add(revocation, operator())
  if (options.json) io.stdout.write(`${printableJson(listed(revocation))}\n`)
  else io.stdout.write('revoked; every proxy on this store refuses it within 10 s\n')
  if (what.kind === 'subject') io.stderr.write('API keys go on: `sallyport keys revoke` ends them\n')
}

function whatToRevoke({ tokenId, issuer, user, session }: WhatToRevoke): Pick<Revocation, 'kind' | 'issuer' | 'value'> {
  const [first, ...more] = [
    ...(tokenId === undefined ? [] : [{ kind: 'jti', value: tokenId } as const]),
    ...(user === undefined ? [] : [{ kind: 'subject', value: user } as const]),
    ...(session === undefined ? [] : [{ kind: 'session', value: session } as const]),
  ]
  if (first === undefined || more.length > 0) {
    throw new Unusable('say what to revoke by one of `--token-id`, `--user` and `--session`')
  }
  const elsewhere = issuer === undefined ? undefined : ELSEWHERE.get(issuer)
  if (elsewhere !== undefined) throw new Unusable(`\`${issuer}\` has no tokens: ${elsewhere}`)
  if (first.value === '' || issuer === '') throw new Unusable('what is to be revoked has a name')
  if (first.kind === 'jti') {
    if (!TOKEN_ID.test(first.value)) {
      throw new Unusable('a token’s id has 64 hexadecimal digits: `sallyport.auth.token_id` of its audit events')
    }
    return { ...first, issuer: issuer ?? '' }
  }
  if (issuer === undefined) {
    throw new Unusable('say by `--issuer` who vouches for them: `sallyport.auth.issuer` of audit events')
  }
  return { ...first, issuer }
}

async function list(options: CommonOptions, { revocations }: KeyStore, io: CommandIo): Promise<void> {
  const records = (await revocations.list(Date.now())).map(listed)
  io.stdout.write(options.json ? `${printableJson(records, 2)}\n` : table(records))
}

interface Listed {
  readonly kind: 'token' | 'user' | 'session' | 'key'
  /** Null for a token of whomever. */
  readonly issuer: string | null
  readonly value: string
  /** ISO times. */
  readonly issued_before: string | null
  readonly revoked: string | null
  readonly expires: string | null
}

const KINDS = { jti: 'token', subject: 'user', session: 'session', key: 'key' } as const

function listed({ kind, issuer, value, before, at, expiresAt }: Revocation): Listed {
  return {
    kind: KINDS[kind],
    issuer: issuer === '' ? null : issuer,
    value,
    issued_before: kind === 'subject' ? isoTime(before) : null,
    revoked: isoTime(at),
    expires: isoTime(expiresAt),
  }
}

function table(records: readonly Listed[]): string {
  if (records.length === 0) return 'nothing is revoked\n'
  const head = ['KIND', 'ISSUER', 'REVOKED', 'FORGOTTEN', 'VALUE']
  const rows = records.map(({ kind, issuer, revoked, expires, value }) => {
    return [kind, issuer ?? '-', revoked ?? '-', expires?.slice(0, 10) ?? '-', printable(value)]
  })
  return columns(head, rows)
}
