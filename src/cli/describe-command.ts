import type { Command } from 'commander'

/** Files of this folder that run a command. */
type CommandFile =
  | 'serve'
  | 'demo'
  | 'check'
  | 'keys'
  | 'objects'
  | 'store'
  | 'users'
  | 'user-factor'
  | 'login'
  | 'token'
  | 'logout'
  | 'tokens'
  | 'policy-explain'
  | 'policy-test'
  | 'policy-who-can'
  | 'policy-what-can'
  | 'policy-diff'
  | 'policy-replay'
  | 'policy-init'

/** Imports the file of a command and runs it: what is not asked for is not loaded. */
export type Invoke = (file: CommandFile, options: object) => Promise<void>

/** A command with what every command has. */
export function described(parent: Command, name: string, about: string, example: string): Command {
  return parent
    .command(name)
    .description(about)
    .option('--config <file>', 'the config file', 'config/sallyport.yaml')
    .allowExcessArguments(false)
    .addHelpText('after', `\nExample:\n  $ sallyport ${example}`)
}

/** For options that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]
