import { isIP, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { ListenAddress } from '../model/settings.ts'

/** Reads `host:port`, `[IPv6]:port`; null when it is neither. Port 0 asks for a free one. */
export function listenAddress(written: string): ListenAddress | null {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(0|[1-9][0-9]{0,4})$/.exec(written)
  if (!parts) return null
  const [, bracketed, plain = '', digits] = parts
  const port = Number(digits)
  if (port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) return null
  const host = bracketed ?? plain
  // Only digits and dots, and still no address: a mistyped address would otherwise be looked up as a name.
  if (bracketed === undefined && /^[0-9.]+$/.test(host) && isIP(host) !== 4) return null
  return { host, port }
}

/** True for an address or a CIDR range in plain notation; `10.0` and `010.0.0.1` are neither. */
export function isNetwork(written: string): boolean {
  const [address = '', bits, ...more] = written.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  if (bits === undefined) return ipaddr.isValid(address)
  return /^(?:0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
}

/** What is wrong with a URL that the proxy itself will call; null when nothing is. */
export function endpointFault(written: string, allowInsecure: boolean): { code: string; message: string } | null {
  const invalid = (message: string) => ({ code: 'invalid_url', message })
  const url = URL.parse(written)
  if (!url || !/^https?:\/\/[^/\\]/i.test(written) || /[\s\\]/.test(written)) {
    return invalid('must be a whole URL that begins with `https://`')
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return invalid('must begin with `https://`')
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/\/[^/?#]*@/i.test(written)) {
    return {
      code: 'plain_secret',
      message: 'must not hold a user or a password; reference a secret where one is needed',
    }
  }
  if (/[?#]/.test(written)) return invalid('must not have a query or a fragment')
  if (url.protocol === 'https:' || allowInsecure || isLoopback(url.hostname)) return null
  return {
    code: 'insecure_url',
    message: 'is plain http beyond loopback; use `https://`, or `allow_insecure: true` on a network that you trust',
  }
}

/** Of a host with or without brackets. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
