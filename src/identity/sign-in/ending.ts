import { unreachable } from '../../model/exhaustive.ts'
import type { MethodName } from '../../model/identity.ts'
import type { IssueFault, PageAnswer, SignedIn, SignInFault, SignInProvider } from '../../model/sign-in.ts'
import type { Attempt } from './attempts.ts'
import { again, type Desk, noAttempt, UNWRITTEN, unusable } from './desk.ts'
import { type SignInFacts, signInFailed, signInSucceeded, tokenIssued } from './events.ts'
import { type Html, html, named } from './html.ts'
import { page, refusalPage } from './page.ts'
import { type Visit, written } from './parts.ts'
import { providerOf } from './purpose.ts'
import { tokenPage } from './token-page.ts'
import { type Lack, lacking } from './wish.ts'

export interface Ending {
  readonly who: SignedIn
  /** It is over already: nothing of it goes on. */
  readonly attempt: Attempt
  readonly secondFactor: SignInFacts['secondFactor']
}

/**
 * Somebody has signed in: what the sign-in was for is done, where it is as strong as it was asked to be. Each step is
 * written before the next one is done; what cannot be written has not happened, and no token is shown.
 */
export async function ended(desk: Desk, visit: Visit, ending: Ending): Promise<PageAnswer> {
  const { who, attempt, secondFactor } = ending
  const { audit } = desk.ports
  const spent = await desk.attempts.spend(attempt)
  if (spent === 'over') return noAttempt(desk)
  if (spent === 'unavailable') return unusable()
  const only = providerOf(attempt.purpose)
  // INVARIANT: no other way was open to the attempt; should it ever be, nothing comes of it.
  if (only !== null && who.principal.issuer !== only) return noAttempt(desk)
  const lacks = lacking(who, attempt.wish, attempt.beganAt)
  if (lacks !== null) return tooWeak(desk, visit, ending, lacks)
  const out = await putOut(desk, visit, attempt, who)
  if (out !== null) return out
  const facts = { purpose: attempt.purpose.kind, secondFactor }
  if (!(await written(audit, signInSucceeded(visit, who, facts)))) return unusable(UNWRITTEN)
  const { purpose } = attempt
  switch (purpose.kind) {
    case 'token':
      return shown(desk, visit, ending)
    case 'device':
      return approved(desk, visit, ending, purpose.userCode)
    default:
      return unreachable(purpose)
  }
}

/** The answer for whose account has ended since they showed whose it is; null for everybody else. */
export async function putOut(desk: Desk, visit: Visit, attempt: Attempt, who: SignedIn): Promise<PageAnswer | null> {
  const standing = (await desk.standing?.(who)) ?? { ok: true }
  if (standing.ok) return null
  if (standing.fault === 'unavailable') return unusable()
  const { issuer: source, method } = who.principal
  const event = signInFailed(visit, { reason: standing.fault, source, method, account: null, who })
  if (!(await written(desk.ports.audit, event))) return unusable(UNWRITTEN)
  return refusalPage(403, 'Not signed in', 'Your account was changed just now.', again(desk, attempt))
}

async function shown(desk: Desk, visit: Visit, { who, attempt }: Ending): Promise<PageAnswer> {
  const { audit } = desk.ports
  const issued = await desk.issuer.issue(who)
  if (!issued.ok) return notIssued(desk, visit, who, attempt, issued.fault)
  if (!(await written(audit, tokenIssued(visit, who, issued.value, 'token')))) return unusable(UNWRITTEN)
  const { url } = desk.issuer
  return tokenPage({ url, who, issued: issued.value, now: visit.now, headers: desk.attempts.forget() })
}

async function notIssued(
  desk: Desk,
  visit: Visit,
  who: SignedIn,
  attempt: Attempt,
  fault: IssueFault,
): Promise<PageAnswer> {
  if (fault === 'unavailable') return unusable()
  const { issuer: source, method } = who.principal
  const reason = fault === 'too_large' ? 'token_too_large' : 'expired'
  const event = signInFailed(visit, { reason, source, method, account: null, who })
  if (!(await written(desk.ports.audit, event))) return unusable(UNWRITTEN)
  if (fault === 'expired') {
    return refusalPage(
      403,
      'No longer signed in',
      'The provider does not vouch for you any more.',
      again(desk, attempt),
    )
  }
  const count = who.principal.groups?.length ?? 0
  return page({
    title: 'The token would be too large',
    status: 500,
    body: html`<p>You are signed in, and a token with your ${count} ${count === 1 ? 'group' : 'groups'} and other claims would be larger than a request may carry.</p>
<p>Whoever runs this proxy can have fewer of them in it: fewer groups from ${named(source)} (<code>groups</code> under its <code>claims</code>, or a narrower <code>group_filter</code>), or fewer attributes.</p>`,
  })
}

async function approved(desk: Desk, visit: Visit, { who }: Ending, userCode: string): Promise<PageAnswer> {
  const outcome = (await desk.device?.approve(userCode, who, visit)) ?? { ok: false, fault: 'unknown' }
  if (!outcome.ok && outcome.fault === 'unavailable') return unusable()
  const headers = desk.attempts.forget()
  if (outcome.ok) {
    const body = html`<p>The terminal with the code <strong>${userCode}</strong> goes on in your name. You can close this page.</p>`
    return page({ title: 'Signed in', body, headers })
  }
  return page({
    title: 'The code is not valid any more',
    status: 410,
    body: html`<p>No terminal waits with the code <strong>${userCode}</strong>: it may have expired, or have been used. Ask the terminal for another one.</p>`,
    headers,
  })
}

/** A sign-in that is good, and not what was asked for: no token comes of it, or a stronger one would seem to be there. */
async function tooWeak(desk: Desk, visit: Visit, ending: Ending, lacks: Lack): Promise<PageAnswer> {
  const { who, attempt } = ending
  const { issuer: source, method } = who.principal
  const event = signInFailed(visit, { reason: 'step_up_required', source, method, account: null, who })
  if (!(await written(desk.ports.audit, event))) return unusable(UNWRITTEN)
  return page({
    title: 'A stronger sign-in is needed',
    status: 403,
    body: html`<p>You are signed in, and no token was made. ${lackText(ending, lacks)}</p>
<p>Sign in again, in another way where there is one.</p>
${again(desk, attempt)}`,
    headers: desk.attempts.forget(),
  })
}

function lackText({ who: { principal }, attempt: { wish } }: Ending, lacks: Lack): Html {
  const { issuer, method, acr, authTime, mfa } = principal
  switch (lacks) {
    case 'acr':
      return html`What was asked for is a sign-in of the kind ${wish.acrValues.map((value, index) => html`${index === 0 ? '' : ' or '}<code>${value}</code>`)}; ${named(issuer)} says ${acr === undefined ? html`nothing of its kind` : html`<code>${acr}</code>`}.`
    case 'age':
      return html`What was asked for is a sign-in at most ${wish.maxAge ?? 0} seconds ago; ${named(issuer)} ${authTime === undefined ? 'does not say when it was' : 'says that it was earlier'}.`
    case 'factor':
      // The person has proved the password: that the account has no second factor is theirs to know.
      return method === 'local' || method === 'ldap'
        ? html`What was asked for is a second factor, and your account at ${named(issuer)} has none here. Whoever runs this proxy can enroll one for you: an app that shows codes, by <code>sallyport users totp</code>.`
        : html`What was asked for is a second factor; ${named(issuer)} ${mfa === 'no' ? 'says that none was shown' : 'does not say that one was shown'}.`
    default:
      return unreachable(lacks)
  }
}

/** A provider let nobody in, or could not be asked. */
export async function refused(
  desk: Desk,
  visit: Visit,
  provider: Pick<SignInProvider, 'name' | 'kind'>,
  attempt: Attempt,
  fault: SignInFault,
): Promise<PageAnswer> {
  const method: MethodName = provider.kind === 'saml' ? 'saml' : 'jwt'
  const account = fault.outcome === 'rejected' ? (fault.account ?? null) : null
  const event = signInFailed(visit, { reason: fault.reason, source: provider.name, method, account })
  if (!(await written(desk.ports.audit, event))) return unusable(UNWRITTEN)
  if (fault.outcome === 'unavailable') {
    const answer = refusalPage(503, 'Not possible right now', fault.message, again(desk, attempt))
    return { ...answer, headers: [...answer.headers, 'retry-after', String(fault.retryAfterSeconds)] }
  }
  return refusalPage(403, 'Not signed in', fault.message, again(desk, attempt))
}
