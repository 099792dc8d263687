import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { printable, printableJson } from '../config/report.ts'
import { type JsonObject, ownValue } from '../model/json.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { credentialFolder, ensureFolder, readCredentials, type TerminalCredential } from './credential-file.ts'
import { openProxyClient, type ProxyAnswer, type ProxyClient } from './proxy-client.ts'
import { configuredProxy, namedProxy } from './proxy-url.ts'
import { isoTime, Unusable } from './store-command.ts'
import { changeCredentials, credentialOfAnswer, isToken } from './terminal-token.ts'

interface LoginOptions extends CommonOptions {
  readonly url?: string
  readonly provider?: string
  readonly acr?: readonly string[]
  /** Seconds. */
  readonly maxAge?: string
  readonly ca?: string
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const MAX_URL = 2048
const MAX_SHOWN = 64
/** Seconds. */
const INTERVALS = { least: 1, usual: 5, most: 60 } as const
const MAX_LIFE = 3600

/**
 * `sallyport login`: shows a code, waits until somebody has signed in elsewhere, and keeps the token for `sallyport token`.
 * Exit 1 when nobody was signed in, 2 when the arguments or the files are unusable.
 */
export async function run(options: LoginOptions, io: CommandIo): Promise<number> {
  try {
    const named = namedProxy(options, io)
    const url = orUnusable(named.ok && named.value === null ? await configuredProxy(options, io) : named)
    if (url === null) throw new Error('no proxy is named')
    const ca = options.ca === undefined ? null : resolve(io.cwd, options.ca)
    const client = orUnusable(openProxyClient(url, ca))
    const folder = credentialFolder(io)
    // Before anybody signs in for nothing.
    orUnusable(ensureFolder(folder))
    orUnusable(readCredentials(folder))
    const credential = await signIn(client, { ...options, url, caFile: ca }, io)
    if (!credential.ok) return refused(url, credential.fault, io)
    const signedIn = credential.value
    orUnusable(await changeCredentials(folder, (present) => new Map([...present, [url, signedIn]])))
    report(url, signedIn, options, io)
    return EXIT.done
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    io.stderr.write(`error: ${printable(error.message)}\n`)
    return EXIT.unusable
  }
}

function orUnusable<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Unusable(result.fault)
  return result.value
}

function refused(url: string, why: string, io: CommandIo): number {
  io.stderr.write(`error: \`${printable(url)}\`: ${printable(why)}\n`)
  return EXIT.no
}

function report(
  url: string,
  { user, issuer, expiresAt, refresh }: TerminalCredential,
  options: LoginOptions,
  io: CommandIo,
): void {
  const until = isoTime(expiresAt)
  const renews = refresh === null ? '; sign in again then' : '; `sallyport token` renews it'
  io.stderr.write(
    `signed in to ${printable(url)} as ${printable(user)} (${printable(issuer)}) until ${until}${renews}\n`,
  )
  if (options.json) io.stdout.write(`${printableJson({ url, user, issuer, expires_at: until })}\n`)
}

interface Asked extends LoginOptions {
  readonly url: string
  readonly caFile: string | null
}

async function signIn(
  client: ProxyClient,
  { provider, acr = [], maxAge, caFile }: Asked,
  io: CommandIo,
): Promise<Result<TerminalCredential, string>> {
  const begun = await client.post('/auth/device/code', {
    ...(provider === undefined ? {} : { provider }),
    ...(acr.length === 0 ? {} : { acr_values: acr.join(' ') }),
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
  })
  if (!begun.ok) return failed(begun.fault.message)
  const { status, body } = begun.value
  if (status === 404) return failed('this proxy signs nobody in')
  if (status !== 200) return failed(saidBy(begun.value))
  const codes = codesOf(body)
  if (codes === null) return failed('the answer is not one of a Sallyport')
  showCode(codes, io)
  return waited(client, codes, caFile)
}

interface Codes {
  readonly deviceCode: string
  readonly userCode: string
  readonly uri: string
  readonly complete: string | null
  readonly interval: number
  readonly expiresIn: number
}

function codesOf(body: JsonObject): Codes | null {
  const [device, user, uri, complete, interval = INTERVALS.usual, expiresIn] = [
    ...['device_code', 'user_code', 'verification_uri', 'verification_uri_complete', 'interval', 'expires_in'],
  ].map((name) => ownValue(body, name))
  if (!isToken(device) || typeof user !== 'string' || user === '' || user.length > MAX_SHOWN) return null
  if (!isLink(uri) || (complete !== undefined && !isLink(complete))) return null
  if (typeof interval !== 'number' || typeof expiresIn !== 'number' || !(expiresIn > 0)) return null
  return {
    deviceCode: device,
    userCode: user,
    uri,
    complete: complete ?? null,
    interval: Math.min(INTERVALS.most, Math.max(INTERVALS.least, interval)),
    expiresIn: Math.min(MAX_LIFE, expiresIn),
  }
}

/** Something for a browser, and for nothing else. */
function isLink(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_URL || !/^https?:\/\/[\x21-\x7e]+$/i.test(value)) return false
  const url = URL.parse(value)
  return url !== null && url.username === '' && url.password === ''
}

function showCode({ userCode, uri, complete }: Codes, io: CommandIo): void {
  const code = printable(userCode)
  const [link, does] = complete === null ? [uri, 'and enter the code'] : [complete, 'and check that it shows the code']
  io.stderr.write(`To sign in, open\n\n    ${link}\n\n${does}\n\n    ${code}\n\nWaiting…\n`)
}

async function waited(
  client: ProxyClient,
  codes: Codes,
  ca: string | null,
): Promise<Result<TerminalCredential, string>> {
  const until = performance.now() + codes.expiresIn * 1000
  let { interval } = codes
  while (performance.now() < until) {
    await pause(interval * 1000)
    const form = { grant_type: DEVICE_GRANT, device_code: codes.deviceCode }
    const polled = await client.post('/auth/device/token', form)
    if (!polled.ok) {
      if (!polled.fault.isPassing) return failed(polled.fault.message)
      interval = Math.min(INTERVALS.most, interval * 2)
      continue
    }
    const { status, body } = polled.value
    if (status === 200) {
      const credential = credentialOfAnswer(body, ca, Date.now())
      return credential === null ? failed('the answer is not one of a Sallyport') : ok(credential)
    }
    const error = ownValue(body, 'error')
    if (error === 'slow_down') interval = Math.min(INTERVALS.most, interval + INTERVALS.usual)
    else if (error !== 'authorization_pending' && status < 500) return failed(saidBy(polled.value))
  }
  return failed('nobody has signed in in time: begin again')
}

/** What the proxy says of a failure, for people. */
export function saidBy({ status, body }: ProxyAnswer): string {
  const [says, error] = [ownValue(body, 'error_description'), ownValue(body, 'error')]
  if (typeof says === 'string' && says !== '') return says.slice(0, 500)
  return typeof error === 'string' ? error.slice(0, 100) : `the answer is ${status}`
}
