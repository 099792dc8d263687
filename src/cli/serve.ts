import { resolve } from 'node:path'
import { printable } from '../config/report.ts'
import { serve } from '../serving/serve.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'

/** stdout belongs to the audit: the descriptor is handed on and `process.stdout` is never touched. */
const AUDIT_FD = 1

/**
 * `sallyport serve`: runs until SIGTERM or SIGINT; exit 2 when config, policies or addresses are unusable, 70 after a bug. A
 * signal that comes while it starts is obeyed as soon as it serves.
 */
export async function run(options: CommonOptions, io: CommandIo): Promise<number> {
  const early: string[] = []
  let obey = (signal: string): void => void early.push(signal)
  io.onSignal?.((signal) => obey(signal))
  const started = await serve(resolve(io.cwd, options.config), io.env, AUDIT_FD)
  if (started.outcome === 'unsound') {
    io.stderr.write(problemText(started.problems, io.cwd))
    return EXIT.unusable
  }
  if (started.outcome === 'unusable') {
    io.stderr.write(`error: ${printable(started.message)}\n`)
    return EXIT.unusable
  }
  const { serving } = started
  let code: number = EXIT.done
  process.on('uncaughtException', (error) => {
    // A bug outside any request: what runs is ended in order and the supervisor starts afresh.
    io.stderr.write(`${error.stack ?? error}\n`)
    code = EXIT.internal
    serving.stop('internal_error')
  })
  obey = (signal) => (signal === 'SIGHUP' ? serving.reload() : serving.stop(signal))
  for (const signal of early) obey(signal)
  await serving.stopped
  return code
}
