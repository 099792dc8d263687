import type { VerificationKey } from './jwk.ts'
import type { KeySet } from './key-sets.ts'
import type { UnverifiedToken } from './token.ts'

type Named = Pick<UnverifiedToken, 'kid' | 'alg'>
export type NoKey = 'unknown_kid' | 'alg_not_allowed' | 'jwks_unavailable'

/**
 * The one key of an issuer that a token can be verified with. The set is fetched again where it is overdue, or has no such
 * key. Of two that would do neither is taken. Does not check: whether the algorithm is accepted of this issuer.
 */
export async function keyFor(keys: KeySet, token: Named): Promise<VerificationKey | NoKey> {
  if (keys.firstFetch !== null) await keys.firstFetch
  let key = choose(keys, token)
  if (key === 'unknown' || keys.isOverdue) {
    await keys.refreshForUnknownKey()
    key = choose(keys, token)
  }
  if (key === null || (key === 'unknown' && keys.isFailing)) return 'jwks_unavailable'
  return key === 'unknown' || key === 'ambiguous' ? 'unknown_kid' : key
}

/** Null while no keys are at hand. */
function choose(
  set: KeySet,
  { kid, alg }: Named,
): VerificationKey | 'unknown' | 'ambiguous' | 'alg_not_allowed' | null {
  const keys = set.usable()
  if (keys === null) return null
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid)
  const [fitting, second] = named.filter(({ algorithms }) => algorithms.includes(alg))
  if (second !== undefined) return 'ambiguous'
  return fitting ?? (kid !== undefined && named.length > 0 ? 'alg_not_allowed' : 'unknown')
}
