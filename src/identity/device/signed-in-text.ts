import { METHODS } from '../../model/identity.ts'
import { isJsonObject, ownValue } from '../../model/json.ts'
import type { SignedIn, StateSealer } from '../../model/sign-in.ts'

const PURPOSE = 'device-signed-in'
/** Of each piece: what is sealed at once has a limit, and who is in very many groups is longer. Characters. */
const PIECE = 6000
const MAX_PIECES = 64

/** Somebody who has signed in, sealed for one terminal until it asks for the token; null where that cannot be done. */
export async function sealedSignedIn(
  sealer: StateSealer,
  device: string,
  who: SignedIn,
  untilMs: number,
): Promise<string | null> {
  const text = Buffer.from(JSON.stringify(who)).toString('base64url')
  const of = Math.ceil(text.length / PIECE)
  if (of > MAX_PIECES) return null
  const sealed: string[] = []
  for (let at = 0; at < of; at++) {
    const piece = { device, at, of, text: text.slice(at * PIECE, (at + 1) * PIECE) }
    const result = await sealer.seal(PURPOSE, piece, untilMs)
    if (!result.ok) return null
    sealed.push(result.value)
  }
  return sealed.join('.')
}

/** Null for what was sealed for another terminal, or is not whole: somebody has written to the store. */
export async function openedSignedIn(
  sealer: StateSealer,
  device: string,
  sealed: string,
): Promise<SignedIn | 'unavailable' | null> {
  const pieces = sealed.split('.')
  let text = ''
  for (const [at, piece] of pieces.entries()) {
    const opened = await sealer.open(PURPOSE, piece)
    if (!opened.ok) return opened.fault === 'unavailable' ? 'unavailable' : null
    const { value } = opened
    if (value.device !== device || value.at !== at || value.of !== pieces.length) return null
    if (typeof value.text !== 'string') return null
    text += value.text
  }
  return signedInOf(JSON.parse(Buffer.from(text, 'base64url').toString()))
}

function signedInOf(value: unknown): SignedIn | null {
  const principal = isJsonObject(value) ? ownValue(value, 'principal') : null
  if (!isJsonObject(principal)) return null
  const { id, issuer, method, claims, mfa } = principal
  if (typeof id !== 'string' || typeof issuer !== 'string' || !isJsonObject(claims)) return null
  if (!METHODS.some((name) => name === method) || !['yes', 'no', 'unknown'].some((match) => match === mfa)) return null
  // INVARIANT: it was sealed by `sealedSignedIn`, which only this fleet can do. What is undefined was left out.
  return value as unknown as SignedIn
}
