/** Scheme, authority and the first character after it. */
const WEB_URL = /^https?:\/\/([^/?#]+)(?:[/?#]|$)/i
const NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*$/
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/
/** A last label that some parsers take for a number, and with it the whole name for an IPv4 address. */
const NUMERIC_END = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/

/** What a URL in a body names: a host, nothing (`data:`), or something that two parsers could read differently. */
export type NamedHost =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' }

/**
 * Reads the host of an absolute `http`, `https` or `data` URL, refusing what parsers are known to disagree on:
 * userinfo, backslashes, spaces and controls, percent-encoded or non-ASCII hosts, empty labels, trailing dots, IPv4
 * addresses in any form but four decimal numbers, IPv6 in any form but the canonical one or with an IPv4 address inside.
 *
 * Does not check: where the name resolves to. Source: WHATWG URL section 3.5, RFC 3986 section 3.2.2.
 */
export function namedHost(url: string): NamedHost {
  if (/^data:/i.test(url)) return { kind: 'none' }
  if (/[\p{Cc}\p{Z}\p{Cf}\\]/u.test(url) || !url.isWellFormed()) return { kind: 'ambiguous' }
  const authority = WEB_URL.exec(url)?.[1]?.toLowerCase()
  if (authority === undefined) return { kind: 'ambiguous' }
  const host = authority.replace(/:[0-9]{1,5}$/, '')
  if (!isPlainHost(host)) return { kind: 'ambiguous' }
  const parsed = URL.parse(url)
  if (parsed === null || parsed.hostname !== host) return { kind: 'ambiguous' }
  return { kind: 'host', host: host.replace(/^\[|\]$/g, '') }
}

function isPlainHost(host: string): boolean {
  if (host.startsWith('[')) return /^\[[0-9a-f:]+\]$/.test(host) && !host.startsWith('[::ffff:')
  if (NUMERIC_END.test(host)) return IPV4.test(host)
  return NAME.test(host)
}
