import { printable, printableJson } from '../config/report.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { credentialFolder, readCredentials, type TerminalCredential } from './credential-file.ts'
import { saidBy } from './login.ts'
import { openProxyClient } from './proxy-client.ts'
import { configuredProxy, namedProxy } from './proxy-url.ts'
import { isoTime } from './store-command.ts'
import { changeCredentials } from './terminal-token.ts'

interface LogoutOptions extends CommonOptions {
  readonly url?: string
}

/** What was forgotten, and why the proxy has not ended it; null where it has. */
interface SignedOut {
  readonly credential: TerminalCredential
  readonly fault: string | null
}

/**
 * `sallyport logout`: has the proxy end the sign-in, and forgets the token whatever it says. Exit 1 where there was none, or
 * it goes on at the proxy, 2 when the arguments or the files are unusable.
 */
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
  const done = await signedOut(folder, url)
  if (!done.ok) return unusable(done.fault)
  if (done.value !== null) return report(url, done.value, options, io)
  io.stderr.write(`error: nobody has signed in to ${printable(url)}\n`)
  return EXIT.no
}

/** While no other process renews it: what that brought would go on. Null where nobody has signed in. */
async function signedOut(folder: string, url: string): Promise<Result<SignedOut | null, string>> {
  let done: SignedOut | null = null
  const changed = await changeCredentials(folder, async (present) => {
    const credential = present.get(url)
    if (credential === undefined) return null
    done = { credential, fault: await endedAt(url, credential) }
    return new Map([...present].filter(([other]) => other !== url))
  })
  return changed.ok ? ok(done) : failed(changed.fault)
}

/** Null where the proxy has ended it, else why not. */
async function endedAt(url: string, { token, refresh, ca }: TerminalCredential): Promise<string | null> {
  const client = openProxyClient(url, ca)
  if (!client.ok) return client.fault
  const answer = await client.value.post('/auth/device/logout', {
    token: token.reveal(),
    ...(refresh === null ? {} : { refresh_token: refresh.reveal() }),
  })
  if (!answer.ok) return answer.fault.message
  return answer.value.status === 200 ? null : saidBy(answer.value)
}

function report(url: string, { credential, fault }: SignedOut, options: LogoutOptions, io: CommandIo): number {
  const { user, issuer, expiresAt } = credential
  if (fault === null) {
    io.stderr.write(`signed out of ${printable(url)}\n`)
  } else {
    io.stderr.write(
      `error: the token is forgotten here, and ${printable(url)} has not ended it: ${printable(fault)}; it is valid until ${isoTime(expiresAt)}\n`,
    )
  }
  if (options.json) io.stdout.write(`${printableJson({ url, user, issuer, ended: fault === null })}\n`)
  return fault === null ? EXIT.done : EXIT.no
}
