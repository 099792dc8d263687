import { Command, CommanderError } from 'commander'
import { printableLines } from '../config/report.ts'
import { VERSION } from '../model/version.ts'
import { type CommandIo, EXIT } from './command.ts'
import { addCommands } from './commands.ts'
import type { Invoke } from './describe-command.ts'

const SUMMARY =
  'A policy-enforcing reverse proxy for LLM APIs: verifies who calls, decides every request by YAML policies, and writes audit events to stdout.'

const EXAMPLES = `
Examples:
  $ sallyport demo                               try it: everything on loopback, nothing to prepare
  $ sallyport check                              find every mistake in config and policies
  $ sallyport serve --config config/sallyport.yaml

Exit codes: 0 done, 1 the answer is "no", 2 unusable arguments or files, 70 an internal error.`

/** Runs one command line to its end and answers the exit code. Never ends the process, and throws only for bugs. */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  let code: number = EXIT.done
  const invoke: Invoke = async (file, options) => {
    const command = (await import(`./${file}.ts`)) as { run: (options: object, io: CommandIo) => Promise<number> }
    code = await command.run(options, io)
  }
  const program = new Command('sallyport')
    .description(SUMMARY)
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // It quotes what was typed, or pasted.
      writeErr: (text) => void io.stderr.write(printableLines(text)),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .showHelpAfterError('(add --help for what this command takes, and an example)')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES)
  addCommands(program, io, invoke)
  if (argv.length === 0) {
    io.stderr.write(program.helpInformation())
    return EXIT.unusable
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.done : EXIT.unusable
  }
}
