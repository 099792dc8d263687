import { printable, printableJson } from '../config/report.ts'
import { hashSecret } from '../identity/argon2.ts'
import { userName } from '../identity/local/names.ts'
import { canonicalPassword } from '../identity/local/password-form.ts'
import { newPassword, type PasswordOwner, passwordFault } from '../identity/local/password-rules.ts'
import { unreachable } from '../model/exhaustive.ts'
import type { Settings } from '../model/settings.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { UserChange } from '../stores/users.ts'
import type { CommandIo, CommonOptions } from './command.ts'
import { grantWarnings } from './grant-warnings.ts'
import { distinct, named } from './named-option.ts'
import { openSecretInput } from './secret-input.ts'
import { operator, Unusable, withStore } from './store-command.ts'
import { userRecord, userTable } from './user-table.ts'

interface ProfileOptions {
  readonly display?: string
  readonly email?: string
  readonly role?: readonly string[]
  readonly group?: readonly string[]
  readonly workspace?: string
}

interface PasswordOptions extends CommonOptions {
  readonly name: string
  readonly generate?: boolean
}

interface StateOptions extends CommonOptions {
  readonly action: 'disable' | 'enable' | 'unlock' | 'remove'
  readonly name: string
}

type UsersOptions =
  | (PasswordOptions & ProfileOptions & { readonly action: 'add' })
  | (PasswordOptions & { readonly action: 'passwd' })
  | (CommonOptions & ProfileOptions & { readonly action: 'set'; readonly name: string })
  | StateOptions
  | (CommonOptions & { readonly action: 'list' })

/** Tokens that were signed for a user live no longer. Milliseconds. */
const LONGEST_TOKEN_MS = 8 * 86_400_000

const DONE = {
  disable: 'is disabled; a running proxy refuses them within 30 s',
  enable: 'is enabled',
  unlock: 'is not locked',
  remove: 'is removed; a running proxy refuses them within 30 s',
} as const

/** `sallyport users …`: local users in the store of the config. Exit 2 when it, or what is asked for, is unusable. */
export function run(options: UsersOptions, io: CommandIo): Promise<number> {
  return withStore(options, io, async (store, settings) => {
    await act(options, store, settings, io)
    if (!settings.local.enabled) {
      io.stderr.write('warning: `identity.local.enabled` is false in this config: no local user is accepted\n')
    }
  })
}

function act(options: UsersOptions, store: KeyStore, settings: Settings, io: CommandIo): Promise<void> {
  switch (options.action) {
    case 'add':
      return add(options, store, settings, io)
    case 'list':
      return list(options, store, io)
    case 'passwd':
      return passwd(options, store, io)
    case 'set':
      return set(options, store, io)
    case 'disable':
    case 'enable':
    case 'unlock':
    case 'remove':
      return change(options, store, io)
    default:
      return unreachable(options)
  }
}

async function add(
  options: Extract<UsersOptions, { readonly action: 'add' }>,
  store: KeyStore,
  settings: Settings,
  io: CommandIo,
): Promise<void> {
  const name = newName(options.name)
  const profile = profileOf(options)
  await refuseTaken(name, store)
  const grant = {
    display: profile.display ?? null,
    email: profile.email ?? null,
    groups: profile.groups ?? [],
    roles: profile.roles ?? [],
    workspace: profile.workspace ?? null,
  }
  const password = await newSecret(options, { name, ...grant }, io)
  const hash = await hashSecret(canonicalPassword(password))
  const now = Date.now()
  const user = { name, ...grant, hash, disabledAt: null, changedAt: now, createdAt: now }
  if ((await store.users.create(user, operator())) === 'taken') await refuseTaken(name, store)
  say(options, io, { name, ...(options.generate && { password }) }, `${name} is added`)
  if (settings.ldap.length > 0) {
    io.stderr.write(printable(`beside a directory this user signs in as \`local\\${name}\``).concat('\n'))
  }
  await warn(options.config, grant, io)
}

async function list(options: CommonOptions, store: KeyStore, io: CommandIo): Promise<void> {
  const now = Date.now()
  const records = []
  for (const user of await store.users.list()) records.push(await userRecord(store, user, now))
  io.stdout.write(options.json ? `${printableJson(records, 2)}\n` : userTable(records).replace(/.*\n/g, printableLine))
}

async function passwd(options: PasswordOptions, store: KeyStore, io: CommandIo): Promise<void> {
  const user = await known(options.name, store)
  const password = await newSecret(options, user, io)
  const hash = await hashSecret(canonicalPassword(password))
  const now = Date.now()
  if (!(await store.users.setHash(user.name, hash, now, operator()))) throw new Unusable(unknownUser(user.name))
  await store.accountFailures.clear({ source: 'local', account: user.name })
  await endTokens(user.name, store, now)
  const shown = { name: user.name, ...(options.generate && { password }) }
  say(options, io, shown, `${user.name} has another password; a running proxy refuses the old one within 30 s`)
}

async function set(
  options: Extract<UsersOptions, { readonly action: 'set' }>,
  store: KeyStore,
  io: CommandIo,
): Promise<void> {
  const user = await known(options.name, store)
  const profile = profileOf(options)
  if (Object.keys(profile).length === 0) throw new Unusable('nothing to change: add --help for what can be')
  const now = Date.now()
  if (!(await store.users.change(user.name, profile, now, operator()))) throw new Unusable(unknownUser(user.name))
  say(options, io, { name: user.name }, `${user.name} is changed; a running proxy knows it within 30 s`)
  await warn(options.config, { roles: profile.roles ?? [], workspace: profile.workspace ?? null }, io)
}

async function change(
  { name: written, action, ...options }: StateOptions,
  store: KeyStore,
  io: CommandIo,
): Promise<void> {
  const { name } = await known(written, store)
  const now = Date.now()
  if (action === 'unlock') {
    await store.users.unlock(name, now, operator())
  } else if (action === 'remove') {
    await store.users.remove(name, now, operator())
  } else {
    await store.users.disable(name, action === 'disable' ? now : null, now, operator())
  }
  if (action === 'disable' || action === 'remove') await endTokens(name, store, now)
  say(options, io, { name, action }, `${name} ${DONE[action]}`)
}

/** What the proxy has signed for them so far is void, too. */
function endTokens(name: string, store: KeyStore, now: number): Promise<void> {
  const span = { before: now, at: now, expiresAt: now + LONGEST_TOKEN_MS }
  return store.revocations.add({ kind: 'subject', issuer: 'local', value: name, ...span }, operator())
}

async function newSecret(options: PasswordOptions, owner: PasswordOwner, io: CommandIo): Promise<string> {
  if (options.generate) return newPassword()
  const input = openSecretInput(io)
  try {
    const password = await input.ask(`password for ${printable(owner.name)}: `)
    const fault = passwordFault(password, owner)
    if (fault !== null) throw new Unusable(fault)
    if (input.isTerminal && (await input.ask('the same once more: ')) !== password) {
      throw new Unusable('the two passwords differ: nothing was changed')
    }
    return password
  } finally {
    input.close()
  }
}

function newName(written: string): string {
  const name = userName(written)
  if (name !== null) return name
  throw new Unusable(
    'a user name has 1 to 256 characters, none of `\\`, `/`, `:`, none that is not seen, and single spaces inside at most',
  )
}

async function refuseTaken(name: string, store: KeyStore): Promise<void> {
  const other = await store.users.findFolded(name)
  if (other === undefined) return
  throw new Unusable(
    other.name === name
      ? `the user \`${name}\` is there already`
      : `the user \`${other.name}\` is there already, and \`${name}\` looks like it`,
  )
}

async function known(written: string, store: KeyStore) {
  const name = userName(written)
  const user = name === null ? undefined : await store.users.find(name)
  if (user === undefined) throw new Unusable(unknownUser(written))
  return user
}

function unknownUser(name: string): string {
  return `there is no user \`${name.slice(0, 64)}\`: \`sallyport users list\` shows them`
}

/** An empty one is none. */
function profileOf({ display, email, role, group, workspace }: ProfileOptions): UserChange {
  const text = (option: string, value: string) => (value === '' ? null : named(option, value))
  const texts = (option: string, values: readonly string[]) =>
    distinct(option, values.length === 1 && values[0] === '' ? [] : values)
  return {
    ...(display !== undefined && { display: text('--display', display) }),
    ...(email !== undefined && { email: text('--email', email) }),
    ...(role !== undefined && { roles: texts('--role', role) }),
    ...(group !== undefined && { groups: texts('--group', group) }),
    ...(workspace !== undefined && { workspace: text('--workspace', workspace) }),
  }
}

/** The only place where a password is ever printed: one that was made here. */
function say(
  options: Pick<CommonOptions, 'json'>,
  io: CommandIo,
  answer: { readonly name: string; readonly action?: string; readonly password?: string | undefined },
  text: string,
): void {
  const { password } = answer
  if (options.json) io.stdout.write(`${printableJson(answer)}\n`)
  else io.stdout.write(`${printable(text)}\n${password === undefined ? '' : `password  ${password}\n`}`)
  if (password !== undefined) io.stderr.write('copy the password now: it is not shown again\n')
}

async function warn(config: string, grant: Parameters<typeof grantWarnings>[1], io: CommandIo): Promise<void> {
  for (const warning of await grantWarnings(config, grant, io, 'the user')) {
    io.stderr.write(`warning: ${printable(warning)}\n`)
  }
}

const printableLine = (line: string) => `${printable(line.slice(0, -1))}\n`
