import { printable } from '../config/report.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { credentialFolder, readCredentials } from './credential-file.ts'
import { configuredProxy, namedProxy } from './proxy-url.ts'
import { changeCredentials } from './terminal-token.ts'

interface LogoutOptions extends CommonOptions {
  readonly url?: string
}

/** `sallyport logout`: forgets the token of a proxy. Exit 1 where there was none, 2 when the arguments or the files are unusable. */
export async function run(options: LogoutOptions, io: CommandIo): Promise<number> {
  const unusable = (message: string) => {
    io.stderr.write(`error: ${printable(message)}\n`)
    return EXIT.unusable
  }
  const folder = credentialFolder(io)
  const read = readCredentials(folder)
  if (!read.ok) return unusable(read.fault)
  const named = namedProxy(options, io)
  if (!named.ok) return unusable(named.fault)
  const [only, ...others] = read.value.keys()
  const alone = others.length === 0 ? only : undefined
  const meant = named.value ?? alone ?? (await configuredProxy(options, io))
  if (typeof meant !== 'string' && !meant.ok) return unusable(meant.fault)
  const url = typeof meant === 'string' ? meant : meant.value
  if (!read.value.has(url)) {
    io.stderr.write(`error: nobody has signed in to ${printable(url)}\n`)
    return EXIT.no
  }
  const changed = await changeCredentials(folder, (present) => new Map([...present].filter(([other]) => other !== url)))
  if (!changed.ok) return unusable(changed.fault)
  io.stderr.write(`signed out of ${printable(url)}\n`)
  return EXIT.done
}
