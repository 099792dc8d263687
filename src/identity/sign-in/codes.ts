import { isJsonObject, ownValue } from '../../model/json.ts'
import { Secret } from '../../model/secret.ts'
import type { PageAnswer, SecondFactorChecks, SignedIn } from '../../model/sign-in.ts'
import type { Attempt } from './attempts.ts'
import { type Desk, noAttempt, onPage, UNWRITTEN, unusable } from './desk.ts'
import { ended, putOut } from './ending.ts'
import { signInFailed } from './events.ts'
import { type OwnRoute, type Visit, written } from './parts.ts'
import { openedPerson, sealedPerson } from './person.ts'
import { codePage, type Notice, waiting } from './views.ts'

const SEALED_FOR = 'sign-in-code'
/** How long a password that was right waits for its code. Milliseconds. */
const LIFE_MS = 300_000
const MAX_CODE = 64
/** The form brings the account with its groups back: a cookie would have no room for them. More than is sealed is not read. */
const MAX_FORM = 20 * 1024

export function codeRoute(desk: Desk): readonly OwnRoute[] {
  const { secondFactors } = desk
  if (secondFactors === null) return []
  const handle = (visit: Visit) => tried(desk, visit, secondFactors)
  return [{ method: 'POST', path: '/auth/code', maxForm: MAX_FORM, handle }]
}

/** Asks for the code of somebody whose password was right. */
export async function withSecondFactor(desk: Desk, visit: Visit, attempt: Attempt, who: SignedIn): Promise<PageAnswer> {
  const value = { attempt: attempt.id, person: sealedPerson(who) }
  const sealed = await desk.sealer.seal(SEALED_FOR, value, visit.now + LIFE_MS)
  return sealed.ok ? asked(desk, visit, attempt, sealed.value) : unusable()
}

function asked(desk: Desk, visit: Visit, before: Attempt, person: string, notice?: Notice): Promise<PageAnswer> {
  const attempt = desk.attempts.next(before)
  const { url } = desk.issuer
  return onPage(desk, attempt, visit.now, (headers) =>
    codePage({ url, attempt, person, headers, ...(notice === undefined ? {} : { notice }) }),
  )
}

const WRONG: Notice = { status: 403, says: 'The code is not right.' }
const UNKNOWN: Notice = { status: 503, says: 'The code cannot be checked right now. Try again in a moment.' }

async function tried(desk: Desk, visit: Visit, checks: SecondFactorChecks): Promise<PageAnswer> {
  const attempt = await desk.attempts.ofForm(visit)
  if (attempt === null) return noAttempt(desk)
  const sealed = visit.form.get('person') ?? ''
  const who = await openedFor(desk, attempt, sealed)
  if (who === null) return noAttempt(desk)
  const code = (visit.form.get('code') ?? '').replaceAll(' ', '')
  const { id, issuer: source, method } = who.principal
  const checked =
    code === '' || code.length > MAX_CODE
      ? ({ outcome: 'wrong', retryAfterSeconds: null } as const)
      : await checks.check(source, id, new Secret(code), visit.client)
  if (checked.outcome === 'unavailable') return asked(desk, visit, attempt, sealed, UNKNOWN)
  if (checked.outcome === 'wrong') {
    const event = signInFailed(visit, { reason: 'wrong_code', source, method, account: id })
    if (!(await written(desk.ports.audit, event))) return unusable(UNWRITTEN)
    const seconds = checked.retryAfterSeconds
    return asked(desk, visit, attempt, sealed, seconds === null ? WRONG : waiting(seconds))
  }
  if (!desk.attempts.end(attempt)) return noAttempt(desk)
  // Since the password was right, which is minutes ago, perhaps; the sign-in itself is of now.
  const out = await putOut(desk, visit, attempt, who)
  if (out !== null) return out
  const amr = checked.by === 'otp' ? ['pwd', 'otp', 'mfa'] : ['pwd', 'mfa']
  const authTime = Math.floor(visit.now / 1000)
  const principal = { ...who.principal, mfa: 'yes', authTime } as const
  return ended(desk, visit, { who: { ...who, amr, principal }, attempt, secondFactor: checked.by })
}

/** Sealed for this attempt, and for no other of the same browser. */
async function openedFor(desk: Desk, attempt: Attempt, sealed: string): Promise<SignedIn | null> {
  const opened = await desk.sealer.open(SEALED_FOR, sealed)
  if (!opened.ok || ownValue(opened.value, 'attempt') !== attempt.id) return null
  const person = ownValue(opened.value, 'person')
  return isJsonObject(person) ? openedPerson(person) : null
}
