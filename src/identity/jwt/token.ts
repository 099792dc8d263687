import { hash } from 'node:crypto'
import type { Credential } from '../../model/identity.ts'
import { type JsonObject, ownValue } from '../../model/json.ts'
import type { RejectReason } from '../../model/reasons.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { readJsonObject } from './strict-json.ts'

/** A compact JWS whose form is sound. Nothing in it is verified. */
export interface UnverifiedToken {
  readonly text: string
  readonly alg: string
  readonly kid: string | undefined
  /** As the header writes it. */
  readonly typ: string | undefined
  /** The header says `at+jwt`: an access token for certain (RFC 9068 section 2.1). */
  readonly isExplicit: boolean
  readonly payload: JsonObject
}

const MAX_TOKEN_LENGTH = 16 * 1024
const MAX_HEADER_LENGTH = 4 * 1024
const MAX_KID_LENGTH = 512

/**
 * Header parameters that change how the token is to be verified: where the key comes from, what is signed, or that it is
 * no JWS at all. A key is only ever taken from the issuer's own set, and no extension is understood (RFC 7515 section
 * 4.1.11), so that a token with any of them is refused rather than read without it.
 */
const REFUSED_PARAMETERS = ['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc', 'epk', 'p2c'] as const

/** Names a credential in caches: equal for equal credentials only, and nothing that anybody could log in with. */
export function digestOf(secret: string): string {
  return hash('sha256', secret, 'latin1')
}

const read = new WeakMap<Credential, Result<UnverifiedToken, RejectReason>>()

/** Reads a credential as a token, once: who owns it and whether it is valid are asked of the same reading. */
export function tokenOf(credential: Credential): Result<UnverifiedToken, RejectReason> {
  const known = read.get(credential)
  if (known !== undefined) return known
  const result = credential.kind === 'token' ? readToken(credential.token.reveal()) : failed('malformed' as const)
  read.set(credential, result)
  return result
}

/**
 * Reads the form of a compact JWS: exactly three parts, each in the one base64url spelling of its bytes, so that no two
 * texts are the same token; header and payload strict JSON objects; a `typ` that an access token may have, or the kind of
 * token that `formOf` knows.
 *
 * Does not check: the signature, any claim. Faults: `malformed`, `wrong_type`.
 * Source: RFC 7515 sections 2, 4.1 and 7.1, RFC 9068 section 2.1, RFC 8725 sections 3.7 and 3.11.
 */
export function readToken(
  text: string,
  formOf: (typ: unknown) => 'explicit' | 'plain' | null = typeForm,
): Result<UnverifiedToken, RejectReason> {
  const parts = readSigned(text)
  if (parts === null) return failed('malformed')
  const { header, payload, alg } = parts
  const kid = ownValue(header, 'kid')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH)) return failed('malformed')
  const typ = ownValue(header, 'typ')
  const form = formOf(typ)
  if (form === null) return failed('wrong_type')
  const isExplicit = form === 'explicit'
  return ok({ text, alg, kid, typ: typeof typ === 'string' ? typ : undefined, isExplicit, payload })
}

/** A compact JWS taken apart. */
export interface SignedParts {
  readonly header: JsonObject
  readonly payload: JsonObject
  readonly alg: string
}

/** The parts of a compact JWS of sound form; null for every other text. `allowed`: parameters that are not refused here. */
export function readSigned(text: string, allowed?: ReadonlySet<string>): SignedParts | null {
  if (text.length > MAX_TOKEN_LENGTH) return null
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (first < 1 || second === -1 || first > MAX_HEADER_LENGTH) {
    return null
  }
  const head = canonicalBytes(text.slice(0, first))
  const body = canonicalBytes(text.slice(first + 1, second))
  // A further part would put a dot into this one.
  const signature = canonicalBytes(text.slice(second + 1))
  const header = head && readJsonObject(head)
  const payload = body && readJsonObject(body)
  if (!header || !payload || !signature) return null
  const alg = ownValue(header, 'alg')
  const isRefused = REFUSED_PARAMETERS.some((name) => Object.hasOwn(header, name) && !allowed?.has(name))
  return typeof alg !== 'string' || isRefused ? null : { header, payload, alg }
}

export function canonicalBytes(part: string): Buffer | null {
  const bytes = Buffer.from(part, 'base64url')
  // The decoder skips what it does not know and drops unused bits: only the way back shows that there was nothing.
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : null
}

function typeForm(typ: unknown): 'explicit' | 'plain' | null {
  if (typ === undefined) return 'plain'
  if (typeof typ !== 'string') return null
  const name = typ.toLowerCase()
  if (name === 'at+jwt' || name === 'application/at+jwt') return 'explicit'
  return name === 'jwt' ? 'plain' : null
}
