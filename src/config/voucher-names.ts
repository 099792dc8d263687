import type { Problem } from '../model/problem.ts'
import type { Draft } from '../schema/draft.ts'
import type { Config } from './schema.ts'

type Identity = Draft<Config>['identity']
type Found = Pick<Problem, 'path' | 'code' | 'message'>

const LISTS = ['issuers', 'ldap', 'saml'] as const

/** How events name who vouches where it is nobody that a config names. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['api_keys', 'our own keys'],
  ['local', 'users of the store'],
  ['mtls', 'client certificates'],
  ['tokens', 'our own tokens'],
])

/** The name of each entry that vouches for people; undefined for one that could not be read. */
export function voucherNames(identity: Identity): readonly (string | undefined)[] {
  return LISTS.flatMap((list) => (identity?.[list] ?? []).map((entry) => entry?.name))
}

/** Who vouches is told apart by its name alone, whatever list it stands in. */
export function voucherNameProblems(identity: Identity): Found[] {
  const seen = new Set<string>()
  return LISTS.flatMap((list) =>
    [...(identity?.[list] ?? []).entries()].flatMap(([index, entry]): Found[] => {
      const name = entry?.name
      if (name === undefined) return []
      const path = ['identity', list, index, 'name']
      const whose = RESERVED.get(name)
      if (whose !== undefined) {
        const message = `\`${name}\` is how events name ${whose}; choose another name`
        return [{ path, code: 'reserved_name', message }]
      }
      const isTaken = seen.has(name)
      seen.add(name)
      const message = 'another issuer, directory or SAML provider has this `name`; each one needs its own'
      return isTaken ? [{ path, code: 'duplicate', message }] : []
    }),
  )
}
