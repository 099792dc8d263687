import type { Verification } from '../../model/identity.ts'
import { Secret } from '../../model/secret.ts'
import type { PageAnswer, SignedIn } from '../../model/sign-in.ts'
import type { Attempt } from './attempts.ts'
import { codeRoute, withSecondFactor } from './codes.ts'
import { type Desk, noAttempt, UNWRITTEN, unusable } from './desk.ts'
import { ended } from './ending.ts'
import { choice } from './entry.ts'
import { signInFailed } from './events.ts'
import { began } from './links.ts'
import { type OwnRoute, type PasswordWay, type Visit, written } from './parts.ts'
import { providerOf } from './purpose.ts'
import { type Notice, waiting } from './views.ts'
import { waysOf } from './ways.ts'

const MAX_USERNAME = 256
const MAX_PASSWORD = 1024

/** Passwords, by the same verification as those of a request. */
export function passwordRoutes(desk: Desk): readonly OwnRoute[] {
  const { passwords } = desk
  if (passwords === null) return []
  const form = async (visit: Visit) =>
    began(desk, visit, (wish) => choice(desk, desk.attempts.begin({ kind: 'token' }, wish, visit.now), visit.now))
  return [
    { method: 'GET', path: '/auth/password', handle: form },
    { method: 'POST', path: '/auth/password', handle: (visit) => tried(desk, visit, passwords) },
    ...codeRoute(desk),
  ]
}

const WRONG: Notice = { status: 403, says: 'The user name or the password is not right.' }

async function tried(desk: Desk, visit: Visit, passwords: PasswordWay): Promise<PageAnswer> {
  const attempt = await desk.attempts.ofForm(visit)
  if (attempt === null || waysOf(desk, attempt).sources === null) return noAttempt(desk)
  const username = visit.form.get('username') ?? ''
  const password = visit.form.get('password') ?? ''
  const isPossible = isText(username, MAX_USERNAME) && isText(password, MAX_PASSWORD)
  const verification: Verification = isPossible
    ? await passwords.authenticate(
        { kind: 'basic', username: nameFor(attempt, username), password: new Secret(password), isFresh: true },
        visit.client,
      )
    : { outcome: 'rejected', reason: 'malformed', method: null }
  if (verification.outcome !== 'verified') return wrong(desk, visit, attempt, username, verification)
  return proved(desk, visit, attempt, signedIn(verification, visit.now))
}

/** Where one source has to vouch, no other one is shown the password, whatever name is typed. */
function nameFor({ purpose }: Attempt, username: string): string {
  const only = providerOf(purpose)
  return only === null || username.startsWith(`${only}\\`) ? username : `${only}\\${username}`
}

/** What a password may be in `Authorization: Basic`, too (RFC 7617 section 2). */
function isText(text: string, most: number): boolean {
  return text.length > 0 && text.length <= most && !/\p{Cc}/u.test(text)
}

/** The password alone: one factor, shown just now. */
function signedIn({ principal }: Extract<Verification, { outcome: 'verified' }>, now: number): SignedIn {
  const { key: _key, tokenId: _token, expiresAt, ...rest } = principal
  return {
    principal: { ...rest, mfa: 'no', authTime: Math.floor(now / 1000) },
    amr: ['pwd'],
    subject: null,
    session: null,
    notAfter: expiresAt,
    // Asked for afresh, so that it was read later than this.
    provenAt: now,
  }
}

async function proved(desk: Desk, visit: Visit, attempt: Attempt, who: SignedIn): Promise<PageAnswer> {
  const { issuer, id } = who.principal
  const enrolled = desk.secondFactors === null ? false : await desk.secondFactors.isEnrolled(issuer, id)
  if (enrolled === false || (enrolled.ok && !enrolled.value)) {
    if (!desk.attempts.end(attempt)) return noAttempt(desk)
    return ended(desk, visit, { who, attempt, secondFactor: null })
  }
  return enrolled.ok ? withSecondFactor(desk, visit, attempt, who) : unusable()
}

/** The same page whether there is such an account or not; only guessing itself is told of. */
async function wrong(
  desk: Desk,
  visit: Visit,
  attempt: Attempt,
  username: string,
  verification: Exclude<Verification, { outcome: 'verified' }>,
): Promise<PageAnswer> {
  const { reason, method, issuer: source = null } = verification
  const event = signInFailed(visit, { reason, source, method, account: null })
  if (!(await written(desk.ports.audit, event))) return unusable(UNWRITTEN)
  const notice = noticeOf(verification)
  return choice(desk, desk.attempts.next(attempt), visit.now, { username: username.slice(0, MAX_USERNAME), notice })
}

function noticeOf(verification: Exclude<Verification, { outcome: 'verified' }>): Notice {
  const { outcome, reason, retryAfterSeconds } = verification
  if (outcome === 'unavailable') {
    const says = 'The password cannot be checked right now. Try again in a moment.'
    return { status: 503, says, headers: ['retry-after', String(retryAfterSeconds)] }
  }
  return reason === 'throttled' ? waiting(retryAfterSeconds ?? 1) : WRONG
}
