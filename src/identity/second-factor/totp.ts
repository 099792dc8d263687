import { Secret as OtpSecret, TOTP } from 'otpauth'
import { Secret } from '../../model/secret.ts'

/** What every app for codes can do (RFC 6238): others are guessed wrong by some of them. */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const
/** RFC 4226 section 4 recommends as many. Bytes. */
const SECRET_BYTES = 20
/** Steps before and behind this one that a clock may be off by. */
const WINDOW = 1

/** A new secret, as apps take it: base32. */
export function newTotpSecret(): Secret {
  return new Secret(new OtpSecret({ size: SECRET_BYTES }).base32)
}

/**
 * The time step whose code this is; null where it is that of no step near now. Compares in constant time.
 *
 * Does not check: whether it was used before. Throws where the secret is none. Source: RFC 6238 section 5.2.
 */
export function matchingStep(secret: Secret, code: string, nowMs: number): number | null {
  if (!/^[0-9]{6}$/.test(code)) return null
  const key = OtpSecret.fromBase32(secret.reveal())
  const off = TOTP.validate({ token: code, secret: key, timestamp: nowMs, window: WINDOW, ...FORM })
  return off === null ? null : TOTP.counter({ period: FORM.period, timestamp: nowMs }) + off
}

/** What an app reads, or is shown: it holds the secret. */
export function totpUri(secret: Secret, issuer: string, account: string): Secret {
  const totp = new TOTP({ issuer, label: account, secret: OtpSecret.fromBase32(secret.reveal()), ...FORM })
  return new Secret(totp.toString())
}
