import { printable, printableJson } from '../config/report.ts'
import { ownValue } from '../model/json.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Secret } from '../model/secret.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import {
  credentialFolder,
  readCredentials,
  type TerminalCredential,
  type TerminalCredentials,
} from './credential-file.ts'
import { saidBy } from './login.ts'
import { openProxyClient } from './proxy-client.ts'
import { configuredProxy, namedProxy } from './proxy-url.ts'
import { isoTime } from './store-command.ts'
import { changeCredentials, credentialOfAnswer } from './terminal-token.ts'

interface TokenOptions extends CommonOptions {
  readonly url?: string
}

/** A token that ends sooner is renewed, where that can be done. Milliseconds. */
const RENEW_MS = 300_000

/** Why there is no token: somebody has to sign in, or something is unusable. */
interface TokenFault {
  readonly exit: 1 | 2
  readonly message: string
}

/**
 * `sallyport token`: prints the token of the last sign-in and nothing else, renewed where it is about to end. Exit 1 when
 * somebody has to sign in first, 2 when the arguments or the files are unusable.
 */
export async function run(options: TokenOptions, io: CommandIo): Promise<number> {
  const found = await usable(options, io)
  if (!found.ok) {
    io.stderr.write(`error: ${printable(found.fault.message)}\n`)
    return found.fault.exit
  }
  const { url, credential } = found.value
  const token = credential.token.reveal()
  const { user } = credential
  const whole = { token, expires_at: isoTime(credential.expiresAt), url, user }
  io.stdout.write(options.json ? `${printableJson(whole)}\n` : `${token}\n`)
  return EXIT.done
}

interface Found {
  readonly url: string
  readonly credential: TerminalCredential
}

async function usable(options: TokenOptions, io: CommandIo): Promise<Result<Found, TokenFault>> {
  const folder = credentialFolder(io)
  const read = readCredentials(folder)
  if (!read.ok) return unusable(read.fault)
  const named = await chosen(options, io, read.value)
  if (!named.ok) return unusable(named.fault)
  const url = named.value
  const credential = read.value.get(url)
  if (credential === undefined) return signInFirst(url, 'nobody has signed in')
  if (credential.expiresAt - Date.now() >= RENEW_MS) return ok({ url, credential })
  if (credential.refresh === null) return asItIs(url, credential, 'the token has ended')
  return renewed(folder, url, io)
}

/** The proxy that is meant: the named one, or the only one that there is a token of, or that of the config. */
async function chosen(
  options: TokenOptions,
  io: CommandIo,
  credentials: TerminalCredentials,
): Promise<Result<string, string>> {
  const named = namedProxy(options, io)
  if (!named.ok) return named
  if (named.value !== null) return ok(named.value)
  const [only, ...others] = credentials.keys()
  return only !== undefined && others.length === 0 ? ok(only) : configuredProxy(options, io)
}

/** Renews it while no other process does: of a refresh token that is used twice both would be taken for stolen. */
async function renewed(folder: string, url: string, io: CommandIo): Promise<Result<Found, TokenFault>> {
  let outcome: Result<Found, TokenFault> = signInFirst(url, 'nobody has signed in')
  const changed = await changeCredentials(folder, async (present) => {
    const credential = present.get(url)
    if (credential === undefined) return null
    // Another process was at it in the meantime.
    if (credential.refresh === null || credential.expiresAt - Date.now() >= RENEW_MS) {
      outcome = asItIs(url, credential, 'the token has ended')
      return null
    }
    const next = await renewal(url, credential, credential.refresh)
    if (next.ok) {
      outcome = ok({ url, credential: next.value })
      return new Map([...present, [url, next.value]])
    }
    outcome = asItIs(url, credential, next.fault.message)
    if (outcome.ok) io.stderr.write(`warning: the token is not renewed: ${printable(next.fault.message)}\n`)
    if (!next.fault.isOver) return null
    return new Map([...present, [url, { ...credential, refresh: null }]])
  })
  return changed.ok ? outcome : unusable(changed.fault)
}

/** `isOver`: it would not be renewed another time either. */
async function renewal(
  url: string,
  { ca, refresh: _, ...before }: TerminalCredential,
  refresh: Secret,
): Promise<Result<TerminalCredential, { readonly isOver: boolean; readonly message: string }>> {
  const client = openProxyClient(url, ca)
  if (!client.ok) return failed({ isOver: false, message: client.fault })
  const form = { grant_type: 'refresh_token', refresh_token: refresh.reveal() }
  const answer = await client.value.post('/auth/device/token', form)
  if (!answer.ok) return failed({ isOver: false, message: answer.fault.message })
  const { status, body } = answer.value
  if (status !== 200) {
    return failed({ isOver: ownValue(body, 'error') === 'invalid_grant', message: saidBy(answer.value) })
  }
  const next = credentialOfAnswer(body, ca, Date.now())
  if (next === null || next.user !== before.user || next.issuer !== before.issuer) {
    return failed({ isOver: true, message: 'the answer is not one for this person' })
  }
  return ok(next)
}

function asItIs(url: string, credential: TerminalCredential, why: string): Result<Found, TokenFault> {
  return credential.expiresAt > Date.now() ? ok({ url, credential }) : signInFirst(url, why)
}

function signInFirst(url: string, why: string): Result<never, TokenFault> {
  return failed({ exit: EXIT.no, message: `${why}: \`sallyport login --url ${url}\`` })
}

function unusable(message: string): Result<never, TokenFault> {
  return failed({ exit: EXIT.unusable, message })
}
