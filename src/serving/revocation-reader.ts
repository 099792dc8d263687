import type { Clock, Stopwatch } from '../model/ports.ts'
import type { RevocableToken, RevocationReader } from '../model/sign-in.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { AskedToken } from '../stores/revocations.ts'

/** How long an answer is believed before the store is asked again: this is how fast a revocation takes effect. Milliseconds. */
const MEMORY_MS = 10_000

/** What is known of one token, or when it is. */
interface Known {
  readonly answer: boolean | Promise<boolean>
  /** By the stopwatch, before it was asked: a clock that is set must not make it last. */
  readonly askedAt: number
}

/**
 * Asks the store whether tokens were revoked, each once in ten seconds. What is known of a token goes with its object, so
 * that there is no more of it than of verified tokens. Where no store is open nothing can have been revoked.
 */
export function openRevocationReader(
  store: () => Pick<KeyStore, 'revocations'> | null,
  clock: Clock,
  stopwatch: Stopwatch,
): RevocationReader {
  const memory = new WeakMap<RevocableToken, Known>()
  return {
    isRevoked: (token) => {
      const askedAt = stopwatch()
      const known = memory.get(token)
      if (known !== undefined && askedAt - known.askedAt < MEMORY_MS) return known.answer
      const open = store()
      if (open === null) return false
      const answer = open.revocations.isRevoked(askedOf(token), clock())
      memory.set(token, { answer, askedAt })
      if (!(answer instanceof Promise)) return answer
      // The next one to ask is answered at once, or asks again.
      return answer.then(
        (isRevoked) => {
          memory.set(token, { answer: isRevoked, askedAt })
          return isRevoked
        },
        (cause) => {
          memory.delete(token)
          throw cause
        },
      )
    },
  }
}

function askedOf({ issuer, subject, sub = null, tokenId, session, issuedAt }: RevocableToken): AskedToken {
  return {
    issuer,
    subject,
    sub,
    jti: tokenId,
    session,
    key: null,
    issuedAt: issuedAt === null ? null : issuedAt * 1000,
  }
}
