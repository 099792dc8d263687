import type { Command } from 'commander'
import { collect, described, type Invoke } from './describe-command.ts'

/** `sallyport users …`. Passwords and codes are asked for, or read from stdin; no option takes one. */
export function addUsers(users: Command, invoke: Invoke): void {
  addProfiles(users, invoke)
  addSecrets(users, invoke)
  const states = [
    ['disable', 'keep a user out, within 30 s, without forgetting them'],
    ['enable', 'let a disabled user in again'],
    ['unlock', 'end the lock that wrong passwords or codes have brought'],
    ['remove', 'remove a user, with the second factor'],
  ] as const
  for (const [action, about] of states) {
    described(users, action, about, `users ${action} alice`)
      .argument('<name>', 'the name of the user')
      .option('--json', 'print as JSON')
      .action((name, options) => invoke('users', { ...options, name, action }))
  }
}

function addProfiles(users: Command, invoke: Invoke): void {
  const profile = (command: Command) =>
    command
      .option('--display <name>', 'what people call them')
      .option('--email <address>', 'their address')
      .option('--role <role>', 'a role of the policy; may be repeated', collect)
      .option('--group <group>', 'a group; may be repeated', collect)
      .option('--workspace <name>', 'the workspace')
      .option('--json', 'print as JSON')
  const add = described(
    users,
    'add',
    'add a user; the password is asked for, or the first line of stdin',
    'users add alice --group analysts',
  )
    .argument('<name>', 'the name: what policies and events see')
    .option('--generate', 'make a password and show it once')
  profile(add).action((name, options) => invoke('users', { ...options, name, action: 'add' }))
  described(users, 'list', 'list the users, never their secrets', 'users list --json')
    .option('--json', 'print as JSON')
    .action((options) => invoke('users', { ...options, action: 'list' }))
  const set = described(
    users,
    'set',
    'change what is given, and leave the rest; `--role`, `--group` are all of them then, an empty one is none',
    'users set alice --group analysts --group admins',
  ).argument('<name>', 'the name of the user')
  profile(set).action((name, options) => invoke('users', { ...options, name, action: 'set' }))
}

function addSecrets(users: Command, invoke: Invoke): void {
  described(
    users,
    'passwd',
    'give a user another password, asked for or the first line of stdin; ends a lock, and what was signed in before',
    'users passwd alice',
  )
    .argument('<name>', 'the name of the user')
    .option('--generate', 'make a password and show it once')
    .option('--json', 'print as JSON')
    .action((name, options) => invoke('users', { ...options, name, action: 'passwd' }))
  described(
    users,
    'totp',
    'give a user a second factor (TOTP): shows its secret, asks for a code of it, and shows recovery codes once',
    'users totp alice',
  )
    .argument('<name>', 'the user, as events name them')
    .option('--source <name>', 'whose user it is: `local`, or the name of a directory of the config', 'local')
    .option('--remove', 'take the second factor away')
    .option('--json', 'print two lines of JSON: the secret, and once a code was right the recovery codes')
    .action((name, options) => invoke('user-factor', { ...options, name }))
}
