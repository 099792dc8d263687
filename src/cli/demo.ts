import { printableLines } from '../config/report.ts'
import { runDemo } from '../demo/demo.ts'
import { DemoProblem } from '../demo/problem.ts'
import { type CommandIo, EXIT } from './command.ts'

interface DemoFlags {
  readonly upstream?: string
  readonly port?: string
  readonly json?: boolean
}

/** `sallyport demo`: runs until SIGINT or SIGTERM; exit 1 when the proxy dies, 2 when the demo cannot be set up. */
export async function run(flags: DemoFlags, io: CommandIo): Promise<number> {
  const port = flags.port === undefined ? null : portOf(flags.port)
  if (port === undefined) {
    io.stderr.write('error: `--port` must be a number from 0 to 65535\n')
    return EXIT.unusable
  }
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.abort())
  try {
    await runDemo({
      upstream: flags.upstream ?? null,
      port,
      json: flags.json ?? false,
      coloured: (io.stdout as { isTTY?: boolean }).isTTY === true && !io.env.NO_COLOR,
      env: io.env,
      print: (text) => void io.stdout.write(text),
      signal: ended.signal,
    })
    return EXIT.done
  } catch (error) {
    if (!(error instanceof DemoProblem)) throw error
    io.stderr.write(`error: ${printableLines(error.message)}\n`)
    return error.code
  }
}

function portOf(written: string): number | undefined {
  return /^\d{1,5}$/.test(written) && Number(written) <= 65_535 ? Number(written) : undefined
}
