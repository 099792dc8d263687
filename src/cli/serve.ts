import { resolve } from 'node:path'
import { serve } from '../serve.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'

/** stdout belongs to the audit: the descriptor is handed on and `process.stdout` is never touched. */
const AUDIT_FD = 1

/** `sallyport serve`: runs until SIGTERM or SIGINT; exit 2 when config, policies or addresses are unusable. */
export async function run(options: CommonOptions, io: CommandIo): Promise<number> {
  const started = await serve(resolve(io.cwd, options.config), io.env, AUDIT_FD)
  if (started.outcome === 'unsound') {
    io.stderr.write(problemText(started.problems, io.cwd))
    return EXIT.unusable
  }
  if (started.outcome === 'unusable') {
    io.stderr.write(`error: ${started.message}\n`)
    return EXIT.unusable
  }
  const { serving } = started
  let code: number = EXIT.done
  process.on('SIGHUP', () => serving.reload())
  process.on('SIGTERM', () => serving.stop('SIGTERM'))
  process.on('SIGINT', () => serving.stop('SIGINT'))
  process.on('uncaughtException', (error) => {
    // A bug outside any request: what runs is ended in order and the supervisor starts afresh.
    io.stderr.write(`${error.stack ?? error}\n`)
    code = EXIT.unusable
    serving.stop('internal_error')
  })
  await serving.stopped
  return code
}
