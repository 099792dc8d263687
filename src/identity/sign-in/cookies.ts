import { failed, ok, type Result } from '../../model/result.ts'

/** What a browser may keep of one cookie; some keep no more than this of name and value together. Characters. */
const MAX_COOKIE = 4000
const BASE = 'sallyport-'

/** How far a cookie goes. `anywhere`: it comes with a form that another site posts here, too. */
export type CookieReach = 'top-level' | 'anywhere'

/** The cookies of the pages: of this host alone, out of reach for scripts, and never a credential. */
export class Cookies {
  readonly #prefix: string
  readonly #isSecure: boolean

  constructor(isSecure: boolean) {
    this.#isSecure = isSecure
    // No other host of the same domain can set one with this prefix (RFC 6265bis section 4.1.3.2).
    this.#prefix = isSecure ? `__Host-${BASE}` : BASE
  }

  /** The header that sets one; null where browsers would not keep all of it. */
  set(name: string, value: string, seconds: number, reach: CookieReach = 'top-level'): readonly string[] | null {
    const whole = `${this.#prefix}${name}=${value}`
    return whole.length > MAX_COOKIE ? null : ['set-cookie', `${whole}; Max-Age=${seconds}; ${this.#attributes(reach)}`]
  }

  clear(name: string): readonly string[] {
    return ['set-cookie', `${this.#prefix}${name}=; Max-Age=0; ${this.#attributes('top-level')}`]
  }

  /**
   * Ours of a request's headers (name, value…), by their names without the prefix. Others are of no concern. The fault is
   * the name of one that came twice.
   */
  read(rawHeaders: readonly string[]): Result<ReadonlyMap<string, string>, string> {
    const found = new Map<string, string>()
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      if (rawHeaders[index]?.toLowerCase() !== 'cookie') continue
      for (const pair of (rawHeaders[index + 1] ?? '').split(';')) {
        const equals = pair.indexOf('=')
        const name = trimmed(pair.slice(0, Math.max(0, equals)))
        if (!name.startsWith(this.#prefix)) continue
        const own = name.slice(this.#prefix.length)
        if (found.has(own)) return failed(own)
        found.set(own, trimmed(pair.slice(equals + 1)))
      }
    }
    return ok(found)
  }

  /** Browsers take `Secure` without TLS from loopback, where alone pages are without it; `None` asks for it. */
  #attributes(reach: CookieReach): string {
    const isAnywhere = reach === 'anywhere'
    const secure = this.#isSecure || isAnywhere ? '; Secure' : ''
    return `Path=/; HttpOnly; SameSite=${isAnywhere ? 'None' : 'Lax'}${secure}`
  }
}

/**
 * Without blanks and tabs at its ends (RFC 6265 section 4.2.1), and nothing else: what other spaces there are belong to a name
 * that is not ours, and that any host of the domain may set.
 */
function trimmed(text: string): string {
  let from = 0
  let end = text.length
  while (from < end && isBlank(text.charCodeAt(from))) from++
  while (end > from && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(from, end)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}
