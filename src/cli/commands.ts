import { type Command, CommanderError } from 'commander'
import { type CommandIo, EXIT } from './command.ts'
import { collect, described, type Invoke } from './describe-command.ts'
import { addPolicy } from './policy-commands.ts'
import { addSignIn } from './sign-in-commands.ts'
import { addTokens } from './tokens-commands.ts'
import { addUsers } from './user-commands.ts'

const NOT_BUILT: readonly (readonly [string, readonly string[]])[] = [
  ['audit', ['verify', 'query', 'export', 'purge', 'decrypt']],
]

/** Adds every command of the contract; one that is not built says so and is unusable. */
export function addCommands(program: Command, io: CommandIo, invoke: Invoke): void {
  addServing(program, invoke)
  addPolicy(program.command('policy').description('test, explain, compare and question the policies'), invoke)
  const keys = program.command('keys').description('create, list, revoke and rotate API keys')
  addKeys(keys, invoke)
  addObjects(program.command('objects').description('the keys that seal the ids of stored objects'), invoke)
  addTokens(
    program.command('tokens').description('the tokens of the proxy: their keys, and revoking any token'),
    invoke,
  )
  addStore(
    program.command('store').description('bring the store up to date, back it up, look whether it is sound'),
    invoke,
  )
  addUsers(program.command('users').description('local users: add, list, change and remove them'), invoke)
  addSignIn(program, invoke)
  for (const [name, verbs] of NOT_BUILT) addUnbuilt(program, io, name, verbs)
}

function addServing(program: Command, invoke: Invoke): void {
  described(
    program,
    'serve',
    'run the proxy; audit events on stdout, diagnostics on stderr',
    'serve > audit.ndjson',
  ).action((options) => invoke('serve', options))
  described(
    program,
    'demo',
    'run everything on loopback: identity provider, model, proxy; show requests and their events',
    'demo --upstream https://api.openai.com/v1',
  )
    .option('--upstream <url>', 'a real model server instead of the built-in one')
    .option('--port <port>', 'the port of the proxy; 0 picks a free one')
    .option('--json', 'print the addresses and tokens as JSON')
    .action((options) => invoke('demo', options))
  described(
    program,
    'check',
    'validate config and policies, and that each file and variable exists; warn of rules that are sound and hardly ' +
      'meant; every problem at once',
    'check --config config/sallyport.yaml --no-secrets',
  )
    .option('--json', 'print problems as a JSON list')
    .option('--no-secrets', 'do not look for the variables and files of secrets')
    .option('--strict', 'exit 1 for warnings, too')
    .option('--show', 'print the config with every default; secrets stay references')
    .action((options) => invoke('check', options))
}

function addKeys(keys: Command, invoke: Invoke): void {
  described(keys, 'create', 'create a key; it is shown once', 'keys create --owner ci --role employee --expires 90d')
    .requiredOption('--owner <user>', 'whose key it is: the id that policies and events see')
    .option('--role <role>', 'a role of the policy; may be repeated', collect)
    .option('--group <group>', 'a group; may be repeated', collect)
    .option('--workspace <name>', 'the workspace')
    .option('--expires <duration>', 'how long it lives, such as 90d; without an end when absent')
    .option('--json', 'print as JSON')
    .action((options) => invoke('keys', { ...options, action: 'create' }))
  described(keys, 'list', 'list the keys, never their secrets', 'keys list --json')
    .option('--json', 'print as JSON')
    .action((options) => invoke('keys', { ...options, action: 'list' }))
  described(keys, 'revoke', 'revoke a key', 'keys revoke key_01J…')
    .argument('<id>', 'the id of the key')
    .option('--json', 'print as JSON')
    .action((id, options) => invoke('keys', { ...options, id, action: 'revoke' }))
  described(keys, 'rotate', 'replace a key by a new one that is shown once', 'keys rotate key_01J…')
    .argument('<id>', 'the id of the key')
    .option('--expires <duration>', 'how long the new one lives; as long as the old one was to when absent')
    .option('--overlap <duration>', 'how long the old one goes on working; not at all when absent')
    .option('--json', 'print as JSON')
    .action((id, options) => invoke('keys', { ...options, id, action: 'rotate' }))
}

function addObjects(objects: Command, invoke: Invoke): void {
  described(
    objects,
    'rotate-key',
    'make a key that seals after a minute; older ones go on opening',
    'objects rotate-key',
  )
    .option('--json', 'print as JSON')
    .action((options) => invoke('objects', { ...options, action: 'rotate-key' }))
  described(
    objects,
    'retire-key',
    'take a key out of use for good: what it has sealed is lost to its owners',
    'objects retire-key k7Qw2x',
  )
    .argument('<id>', 'the id of the key')
    .option('--json', 'print as JSON')
    .action((id, options) => invoke('objects', { ...options, id, action: 'retire-key' }))
  described(objects, 'list-keys', 'list the keys, never their bytes', 'objects list-keys --json')
    .option('--json', 'print as JSON')
    .action((options) => invoke('objects', { ...options, action: 'list-keys' }))
}

function addStore(store: Command, invoke: Invoke): void {
  described(store, 'migrate', 'bring the tables up to date; `serve` does so, too', 'store migrate')
    .option('--json', 'print as JSON')
    .action((options) => invoke('store', { ...options, action: 'migrate' }))
  described(store, 'backup', 'copy a store in a file, while it is in use', 'store backup /backup/sallyport-monday.db')
    .argument('<file>', 'the copy; a file that is not there yet')
    .option('--json', 'print as JSON')
    .action((file, options) => invoke('store', { ...options, file, action: 'backup' }))
  described(store, 'check', 'look whether the store is sound, up to date and usable; changes nothing', 'store check')
    .option('--json', 'print as JSON')
    .action((options) => invoke('store', { ...options, action: 'check' }))
}

function addUnbuilt(program: Command, io: CommandIo, name: string, verbs: readonly string[]): void {
  const existing = program.commands.find((command) => command.name() === name)
  const parent = existing ?? program.command(name, { hidden: true }).description('not built yet')
  for (const verb of verbs) {
    parent
      .command(verb, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => refuseUnbuilt(io, `${name} ${verb}`))
  }
  // Without one of its verbs, too.
  if (!existing) {
    parent
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => refuseUnbuilt(io, name))
  }
}

function refuseUnbuilt(io: CommandIo, name: string): never {
  const message = `\`${name}\` is part of the contract but not built yet`
  io.stderr.write(`error: ${message}\n`)
  throw new CommanderError(EXIT.unusable, 'sallyport.not_built', message)
}
