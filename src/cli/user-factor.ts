import { printable, printableJson } from '../config/report.ts'
import { LOCAL } from '../identity/basic.ts'
import { newRecoveryCodes, readRecoveryCode, recoveryHash } from '../identity/second-factor/recovery-codes.ts'
import { matchingStep, newTotpSecret, totpUri } from '../identity/second-factor/totp.ts'
import { type AccountName, codesOf } from '../model/accounts.ts'
import { normalName } from '../model/ldap-name.ts'
import type { Secret } from '../model/secret.ts'
import type { Settings } from '../model/settings.ts'
import type { KeyStore } from '../stores/keys.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { named } from './named-option.ts'
import { openSecretInput, type SecretInput } from './secret-input.ts'
import { operator, Unusable, withStore } from './store-command.ts'

interface FactorOptions extends CommonOptions {
  readonly name: string
  readonly source: string
  readonly remove?: boolean
}

/** Codes that a person at a terminal may mistype. */
const TRIES = 3

/** `sallyport users totp`: exit 1 when no code was right, and nothing is changed then. */
export function run(options: FactorOptions, io: CommandIo): Promise<number> {
  return withStore(options, io, async (store, settings) => {
    const of = await accountOf(options, store, settings)
    return options.remove ? remove(of, options, store, io) : enroll(of, options, store, io)
  })
}

async function accountOf({ name, source }: FactorOptions, store: KeyStore, settings: Settings): Promise<AccountName> {
  const account = named('<name>', name)
  const sources = [LOCAL, ...settings.ldap.map((entry) => entry.name)]
  if (!sources.includes(source)) {
    throw new Unusable(`\`--source\` must be one of ${sources.map((one) => `\`${one}\``).join(', ')}`)
  }
  if (source !== LOCAL) return { source, account: directoryAccount(account, source, settings) }
  const user = await store.users.find(account.normalize('NFC'))
  if (user !== undefined) return { source, account: user.name }
  throw new Unusable(`there is no user \`${name.slice(0, 64)}\`: \`sallyport users list\` shows them`)
}

/** The id that a sign-in has: of a DN, its one form. */
function directoryAccount(account: string, source: string, { ldap }: Settings): string {
  if (ldap.find(({ name }) => name === source)?.claims.id !== 'dn') return account
  const dn = normalName(account)
  if (dn !== null && account.includes('=')) return dn
  throw new Unusable(`users of \`${source}\` are named by their DN (\`claims.id\`): \`user.id\` of the events has it`)
}

async function remove(of: AccountName, options: FactorOptions, store: KeyStore, io: CommandIo): Promise<number> {
  if (!(await store.secondFactors.remove(of, Date.now(), operator()))) {
    throw new Unusable(`\`${of.account}\` has no second factor`)
  }
  await store.accountFailures.clear(codesOf(of))
  const { source, account } = of
  const text = `${account} has no second factor any more: the password is enough, and shows one factor`
  io.stdout.write(options.json ? `${printableJson({ name: account, source })}\n` : `${printable(text)}\n`)
  return EXIT.done
}

async function enroll(of: AccountName, options: FactorOptions, store: KeyStore, io: CommandIo): Promise<number> {
  const isThere = (await store.secondFactors.find(of)) !== undefined
  const secret = newTotpSecret()
  showSecret(of, secret, options, io)
  if (isThere) io.stderr.write('this one takes the place of the one that is there, once a code of it is right\n')
  const step = await confirmed(secret, io)
  if (step === null) {
    io.stderr.write('error: no code was right: nothing was changed; look whether both clocks are\n')
    return EXIT.no
  }
  const codes = newRecoveryCodes()
  const recoveryHashes = codes.map((code) => recoveryHash(of, spelled(code)))
  // The code that was shown here is used.
  await store.secondFactors.enroll({ ...of, secret, lastStep: step, recoveryHashes, createdAt: Date.now() }, operator())
  await store.accountFailures.clear(codesOf(of))
  showCodes(of, codes, options, io)
  return EXIT.done
}

async function confirmed(secret: Secret, io: CommandIo): Promise<number | null> {
  const input: SecretInput = openSecretInput(io)
  try {
    for (let tries = input.isTerminal ? TRIES : 1; tries > 0; tries--) {
      const typed = (await input.ask('a code that the app shows now: ')).replace(/\s/g, '')
      const step = matchingStep(secret, typed, Date.now())
      if (step !== null) return step
    }
    return null
  } finally {
    input.close()
  }
}

/** With `showCodes` the only place where they are ever printed. */
function showSecret({ source, account }: AccountName, secret: Secret, options: FactorOptions, io: CommandIo): void {
  const label = source === LOCAL ? account : `${account} (${source})`
  const uri = totpUri(secret, 'Sallyport', label).reveal()
  const text = secret.reveal()
  if (options.json) {
    io.stdout.write(`${printableJson({ name: account, source, secret: text, uri })}\n`)
    return
  }
  io.stdout.write(`secret  ${text.replace(/.{4}(?=.)/g, '$& ')}\nuri     ${uri}\n`)
  io.stderr.write('type the secret into an app for codes (TOTP), or make a QR code of the uri on a machine you trust\n')
}

function showCodes(
  { source, account }: AccountName,
  codes: readonly Secret[],
  options: FactorOptions,
  io: CommandIo,
): void {
  const shown = codes.map((code) => code.reveal())
  if (options.json) {
    io.stdout.write(`${printableJson({ name: account, source, recovery_codes: shown })}\n`)
    return
  }
  io.stdout.write(`${printable(account)} has a second factor\n${shown.map((code) => `${code}\n`).join('')}`)
  io.stderr.write('recovery codes, for the day on which the device is lost; each is right once, none is shown again\n')
}

function spelled(code: Secret): string {
  const plain = readRecoveryCode(code.reveal())
  if (plain === null) throw new Error('a recovery code was made that is none')
  return plain
}
