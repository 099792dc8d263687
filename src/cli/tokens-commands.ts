import type { Command } from 'commander'
import { described, type Invoke } from './describe-command.ts'

/** Adds the verbs of `sallyport tokens`. */
export function addTokens(tokens: Command, invoke: Invoke): void {
  described(tokens, 'keys', 'list the keys that sign, never their secrets', 'tokens keys --json')
    .option('--json', 'print as JSON')
    .action((options) => invoke('tokens', { ...options, action: 'keys' }))
  described(
    tokens,
    'rotate-key',
    'make a key in the store that signs after a minute; older ones go on verifying',
    'tokens rotate-key',
  )
    .option('--json', 'print as JSON')
    .action((options) => invoke('tokens', { ...options, action: 'rotate-key' }))
  described(
    tokens,
    'retire-key',
    'take a key of the store out of use for good: no token that it has signed is valid any more',
    'tokens retire-key NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  )
    .argument('<id>', 'the id of the key')
    .option('--json', 'print as JSON')
    .action((id, options) => invoke('tokens', { ...options, id, action: 'retire-key' }))
  described(
    tokens,
    'revoke',
    'revoke a token, all tokens of a person, or those of a session; whoever has issued them',
    'tokens revoke --issuer corp --user alice@example.org',
  )
    .option('--token-id <id>', '`sallyport.auth.token_id` of its audit events')
    .option('--issuer <name>', 'who vouches: `sallyport.auth.issuer` of audit events')
    .option('--user <id>', 'the person, by the id that policies and events see')
    .option('--session <id>', 'a session of the issuer: its `sid`, or SessionIndex')
    .option('--json', 'print as JSON')
    .action((options) => invoke('tokens', { ...options, action: 'revoke' }))
  described(tokens, 'revocations', 'list what is revoked', 'tokens revocations --json')
    .option('--json', 'print as JSON')
    .action((options) => invoke('tokens', { ...options, action: 'revocations' }))
}
