import { type Address, addressReader, type Network, readNetwork } from '../model/address.ts'
import type { PolicyInput } from '../model/decision.ts'
import { claimAt, claimSteps } from './claim-path.ts'
import type { TextTest } from './text-test.ts'

/** The keys that a fact of one request has; undefined where the fact cannot be told. */
export type KeysOf = (input: PolicyInput) => readonly string[] | undefined

/**
 * A condition that holds exactly when a fact of the request has one of some keys, and cannot be told exactly when the
 * fact cannot: rules with such a condition are found by their keys, and those with other keys are not asked.
 */
export interface Facet {
  /** Which fact it is: two facets with the same words read the same one. */
  readonly fact: string
  readonly keys: readonly string[]
  /** Reads the fact, for an index that has these keys. */
  readonly open: (keys: Iterable<string>) => KeysOf
}

type Read = (written: never) => Facet | null

/**
 * By the name of the condition. Not among them is what stronger authentication changes (`mfa`, `acr`): what a step-up
 * could open is found by the request as it is.
 */
const FACETS: { readonly [name: string]: Read } = {
  claim: (written: TextTest & { readonly path: string | readonly string[] }) => {
    const steps = claimSteps(written.path)
    return textFacet(`claim ${JSON.stringify(steps)}`, written, ({ principal }) => {
      const value = claimAt(principal.claims, steps)
      if (typeof value === 'string') return [value]
      const isList = Array.isArray(value) && value.every((item) => typeof item === 'string')
      return isList ? (value as readonly string[]) : undefined
    })
  },
  header: (written: TextTest & { readonly name: string }) => {
    const name = written.name.toLowerCase()
    return textFacet(`header ${name}`, written, (input) => alone(input.header(name)))
  },
  region: (written: readonly string[]) => listFacet('region', written, ({ upstream }) => alone(upstream?.region)),
  method: (written: readonly string[]) => listFacet('method', written, ({ principal }) => alone(principal.method)),
  network: (written: readonly string[]) => ({
    fact: 'network',
    keys: written
      .map(readNetwork)
      .filter((range): range is Network => range !== null)
      .map(networkKey),
    open: openNetworks,
  }),
}

export function facetOf(name: string, written: unknown): Facet | null {
  // The schema has checked that the value is of this condition's type.
  return Object.hasOwn(FACETS, name) ? (FACETS[name]?.(written as never) ?? null) : null
}

function alone(fact: string | undefined): readonly string[] | undefined {
  return fact === undefined ? undefined : [fact]
}

function listFacet(fact: string, keys: readonly string[], read: KeysOf): Facet {
  return { fact, keys, open: () => read }
}

function textFacet(fact: string, written: TextTest, read: KeysOf): Facet | null {
  const keys = written.in ?? (written.equals === undefined ? null : [written.equals])
  return keys && listFacet(fact, keys, read)
}

/** A range as one text: how long addresses are, how many bits count, and these bits. */
function networkKey({ groups, bits }: Network): string {
  return `${groups.length}/${bits}/${masked(groups, bits)}`
}

function masked(groups: Address, bits: number): string {
  let text = ''
  for (let index = 0, left = bits; left > 0; index++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff
    text += `${(groups[index] ?? 0) & mask}.`
  }
  return text
}

/** An address has one key for each length of a range that there is. */
function openNetworks(keys: Iterable<string>): KeysOf {
  const lengths = new Map<number, Set<number>>()
  for (const key of keys) {
    const [size = 0, bits = 0] = key.split('/').map(Number)
    const known = lengths.get(size) ?? new Set()
    lengths.set(size, known.add(bits))
  }
  const readAddress = addressReader()
  return ({ ip }) => {
    const groups = ip === undefined ? null : readAddress(ip)
    if (groups === null) return undefined
    const found: string[] = []
    for (const bits of lengths.get(groups.length) ?? []) found.push(networkKey({ groups, bits }))
    return found
  }
}
