import { hash, randomBytes } from 'node:crypto'
import type { Clock } from '../../model/ports.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { Secret } from '../../model/secret.ts'
import type { IssuedToken, IssueFault, RevocationReader, SignedIn, TokenIssuer } from '../../model/sign-in.ts'
import { readToken } from '../jwt/token.ts'
import type { TokenKey, TokenKeys } from './keys.ts'
import { OWN_ALGORITHM } from './keys.ts'
import { acceptOwn, lastingClaims, payloadOf } from './payload.ts'

/** Servers and libraries stop at heads of 8 KiB, and a token is not all of one. Bytes. */
const MAX_TOKEN_BYTES = 7 * 1024
/** 128 bits: nobody meets one twice. */
const JTI_BYTES = 16

export interface TokenIssuerPorts {
  /** Asked each time: a reload may change all of these. */
  readonly url: () => string
  readonly lifetimeMs: () => number
  readonly keys: TokenKeys
  readonly clock: Clock
  readonly revocations: RevocationReader
}

/**
 * Makes tokens that are valid for the lifetime that is in force, and no longer than the provider vouches for the person. Who
 * was signed out, or disabled, between their proof and now gets none: it would be younger than what ended them.
 */
export function openTokenIssuer({ url, lifetimeMs, keys, clock, revocations }: TokenIssuerPorts): TokenIssuer {
  return {
    get url() {
      return url()
    },
    issue: async (who) => {
      const ring = keys()
      if (ring === null) return failed('unavailable')
      const iat = Math.floor(clock() / 1000)
      const exp = Math.min(iat + Math.floor(lifetimeMs() / 1000), Math.floor(who.notAfter ?? Number.POSITIVE_INFINITY))
      // After `iat` is taken: what ends them from now on ends the token, too.
      const isOver = exp <= iat || (await hasEnded(revocations, who, clock()))
      if (isOver === null) return failed('unavailable')
      return isOver ? failed('expired') : issued(who, ring.signing, { iss: url(), iat, exp })
    },
    keySet: async () => {
      const ring = keys()
      return ring === null ? failed('unavailable') : ok(keySetText([...ring.byKid.values()]))
    },
  }
}

/** Null where nobody can tell. */
async function hasEnded(
  revocations: RevocationReader,
  { principal: { issuer, id }, subject: sub, session, provenAt }: SignedIn,
  nowMs: number,
): Promise<boolean | null> {
  const issuedAt = Math.min(provenAt ?? nowMs, nowMs) / 1000
  try {
    return await revocations.isRevoked({ issuer, subject: id, sub, tokenId: null, session, issuedAt })
  } catch {
    return null
  }
}

interface Time {
  readonly iss: string
  readonly iat: number
  readonly exp: number
}

async function issued(who: SignedIn, key: TokenKey, time: Time): Promise<Result<IssuedToken, IssueFault>> {
  const jti = randomBytes(JTI_BYTES).toString('base64url')
  const token = await key.sign(JSON.stringify(payloadOf(who, { ...time, jti })))
  // It must not be handed out and then be refused, or be read as somebody else: what is nested too deeply, or is no name.
  if (token.length > MAX_TOKEN_BYTES || !readsBack(token, who, time)) return failed('too_large')
  return ok({ token: new Secret(token), expiresAt: time.exp, tokenId: hash('sha256', jti, 'hex') })
}

function readsBack(token: string, { principal }: SignedIn, { iss, iat }: Time): boolean {
  const read = readToken(token)
  const accepted = read.ok ? acceptOwn(read.value.payload, iss, iat * 1000) : read
  if (!accepted.ok) return false
  const { key: _, tokenId: __, expiresAt: ___, ...got } = accepted.value.principal
  return written(got) === written({ ...principal, claims: lastingClaims(principal.claims) })
}

/** In one order; what cannot be told is absent. */
function written(principal: SignedIn['principal']): string {
  const { id, issuer, method, name, email, groups, roles, workspaces, claims, mfa, acr, authTime } = principal
  return JSON.stringify({ id, issuer, method, name, email, groups, roles, workspaces, claims, mfa, acr, authTime })
}

/** Public parts alone: they are named one by one. */
function keySetText(keys: readonly TokenKey[]): string {
  const published = keys.map(({ kid, publicKey: { kty, crv, x } }) => {
    return { kty, crv, x, kid, use: 'sig', alg: OWN_ALGORITHM }
  })
  return JSON.stringify({ keys: published })
}
