import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Peers whose addresses are remembered in their one form. */
const MAX_PEERS = 4096

/** Where a request came from. `forwardedFor` is set only when the chain was believed. */
export interface ClientAddress {
  readonly ip: string | undefined
  readonly forwardedFor: string | undefined
}

/** Text of an address in its one form: an IPv4-mapped IPv6 address is its IPv4 address; undefined when not one. */
export function canonicalAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (!text.includes(':') && ipaddr.IPv4.isValidFourPartDecimal(text)) return text
  if (!ipaddr.IPv6.isValid(text)) return undefined
  return ipaddr.process(text).toString()
}

/** An address as proxies write it: alone, with a port, or in the brackets of IPv6. */
function hopAddress(hop: string): string | undefined {
  const [, bare] = /^([0-9.]+):[0-9]{1,5}$/.exec(hop) ?? /^\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?$/.exec(hop) ?? []
  return canonicalAddress(bare ?? hop)
}

/**
 * Compiles `listen.trusted_proxies`. `X-Forwarded-For` is read from the right, past trusted addresses only, so that a
 * client's own entries are never believed (RFC 7239 section 8.1). Where an entry is no address (`unknown`, a name), nobody
 * can tell who the client is: the trusted hop before it is not. With no trusted proxies the header is not looked at.
 */
export function clientAddresses(
  trusted: readonly string[],
): (peer: string | undefined, chain: string | undefined) => ClientAddress {
  const networks = trusted.map((network) => ipaddr.parseCIDR(network.includes('/') ? network : singleAddress(network)))
  const isTrusted = (text: string) => {
    const address: Address = ipaddr.process(text)
    return networks.some((network) => address.kind() === network[0].kind() && address.match(network))
  }
  const peers = new Map<string | undefined, ClientAddress>()
  const peerAddress = (peer: string | undefined): ClientAddress => {
    const known = peers.get(peer)
    if (known) return known
    if (peers.size >= MAX_PEERS) peers.clear()
    const address = { ip: canonicalAddress(peer), forwardedFor: undefined }
    peers.set(peer, address)
    return address
  }
  return (peer, chain) => {
    const direct = peerAddress(peer)
    if (networks.length === 0 || chain === undefined || direct.ip === undefined || !isTrusted(direct.ip)) return direct
    let ip: string = direct.ip
    for (const hop of chain.split(',').reverse()) {
      const address = hopAddress(hop.trim())
      if (address === undefined) return { ip: undefined, forwardedFor: chain }
      ip = address
      if (!isTrusted(address)) break
    }
    return { ip, forwardedFor: chain }
  }
}

function singleAddress(address: string): string {
  return `${address}/${ipaddr.parse(address).kind() === 'ipv4' ? 32 : 128}`
}
