import { resolve } from 'node:path'
import { isLoopback } from '../config/addresses.ts'
import { loadConfig } from '../config/load.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { CommandIo } from './command.ts'

export interface ProxyUrlOptions {
  readonly config: string
  readonly url?: string
}

const MAX_LENGTH = 2048
const NAME_IT = 'name the proxy with `--url https://…`, or in the variable SALLYPORT_URL'

/** The URL that somebody has named: by the flag, or else by the variable. Null where nobody has. The fault is for people. */
export function namedProxy({ url }: ProxyUrlOptions, { env }: CommandIo): Result<string | null, string> {
  if (url !== undefined) return proxyUrl(url, '--url')
  const variable = env.SALLYPORT_URL
  return variable === undefined || variable === '' ? ok(null) : proxyUrl(variable, 'SALLYPORT_URL')
}

/** The URL that the config says people reach the proxy by, where there is a config. */
export async function configuredProxy({ config }: ProxyUrlOptions, io: CommandIo): Promise<Result<string, string>> {
  const { settings } = await loadConfig(resolve(io.cwd, config), { env: io.env, secrets: false })
  if (settings === null) return failed(NAME_IT)
  const { proxy, tls } = settings.listen
  const host = proxy.host.includes(':') ? `[${proxy.host}]` : proxy.host
  const own =
    isLoopback(proxy.host) && proxy.port !== 0 ? `${tls === null ? 'http' : 'https'}://${host}:${proxy.port}` : null
  const url = settings.tokens?.issuer ?? own
  return url === null
    ? failed(`the config does not say by which URL people reach the proxy: ${NAME_IT}`)
    : proxyUrl(url, 'the config')
}

/**
 * The one spelling of a proxy's URL, without a slash at its end; what SDKs call the base URL, with `/v1`, is the same
 * proxy. Passwords and tokens go to it: https, beyond loopback.
 */
function proxyUrl(written: string, place: string): Result<string, string> {
  const wrong = (says: string) => failed(`\`${place}\`: ${says}`)
  const url = written.length > MAX_LENGTH || /[\s\\]/.test(written) ? null : URL.parse(written)
  if (url === null || !/^https?:\/\/[^/]/i.test(written)) return wrong('must be a URL such as `https://llm.example`')
  if (url.username !== '' || url.password !== '') return wrong('must not hold a user or a password')
  if (/[?#]/.test(written)) return wrong('must not have a query or a fragment')
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return wrong('must begin with `https://`: tokens would go over the network in the clear')
  }
  return ok(`${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`)
}
