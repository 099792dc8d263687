import { contains, type Network, readAddress, readNetwork } from '../../model/address.ts'

/** Networks that a key may be used from; null for everywhere. */
export type KeyNetworks = readonly Network[] | null

/** What is no network lets nobody in: a record that cannot be understood gives nobody anything. */
export function keyNetworks(written: readonly string[]): KeyNetworks {
  return written.length === 0 ? null : written.map(readNetwork).filter((network) => network !== null)
}

/** Who cannot be told where they are is nowhere. `client`: an address in its one form. */
export function isInside(networks: KeyNetworks, client: string | undefined): boolean {
  if (networks === null) return true
  const address = client === undefined ? null : readAddress(client)
  return address !== null && networks.some((network) => contains(network, address))
}
