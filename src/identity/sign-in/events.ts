import type { AuditEvent } from '../../model/audit.ts'
import type { MethodName } from '../../model/identity.ts'
import type { Reason } from '../../model/reasons.ts'
import type { IssuedToken, SignedIn } from '../../model/sign-in.ts'
import type { Visit } from './parts.ts'
import type { Purpose } from './purpose.ts'

/** What a sign-in was shown by, beside what the principal says of it. */
export interface SignInFacts {
  readonly purpose: Purpose['kind']
  /** Of an account here: what was checked behind its password. */
  readonly secondFactor: 'otp' | 'recovery' | null
}

export function signInSucceeded({ now, asked }: Visit, who: SignedIn, facts: SignInFacts): AuditEvent {
  const { id, issuer, method } = who.principal
  return {
    at: now,
    action: 'sign-in-succeeded',
    message: `${id} signed in by ${issuer}`,
    request: asked,
    principal: principalOf(who, null),
    authIssuer: issuer,
    authMethod: method,
    extra: {
      'sign_in.purpose': facts.purpose,
      ...(who.amr === undefined ? {} : { 'sign_in.amr': who.amr }),
      ...(facts.secondFactor === null ? {} : { 'sign_in.second_factor': facts.secondFactor }),
    },
  }
}

export interface Failure {
  readonly reason: Reason
  /** The configured name of the provider, or `local`; null where the sign-in did not get so far. */
  readonly source: string | null
  readonly method: MethodName | null
  /** The account, where it is known that there is one. Never what was typed: a password may have been. */
  readonly account: string | null
  /** Where the person is known for certain, and lacks something. */
  readonly who?: SignedIn
}

export function signInFailed({ now, asked }: Visit, failure: Failure): AuditEvent {
  const { reason, source, method, account, who } = failure
  return {
    at: now,
    action: 'sign-in-failed',
    reason,
    message: `a sign-in${source === null ? '' : ` by ${source}`} failed: ${reason}`,
    request: asked,
    ...(who === undefined ? {} : { principal: principalOf(who, null) }),
    ...(source === null ? {} : { authIssuer: source }),
    ...(method === null ? {} : { authMethod: method }),
    ...(account === null ? {} : { extra: { 'sign_in.account': account } }),
  }
}

/** Written before the token is shown, or handed out. */
export function tokenIssued(
  { now, asked }: Pick<Visit, 'now' | 'asked'>,
  who: SignedIn,
  token: Pick<IssuedToken, 'tokenId' | 'expiresAt'>,
  purpose: Purpose['kind'],
): AuditEvent {
  const { id, issuer, method } = who.principal
  return {
    at: now,
    action: 'token-issued',
    message: `${id} has a token until ${new Date(token.expiresAt * 1000).toISOString()}`,
    request: asked,
    principal: principalOf(who, token),
    authIssuer: issuer,
    authMethod: method,
    extra: {
      'sign_in.purpose': purpose,
      ...(who.amr === undefined ? {} : { 'sign_in.amr': who.amr }),
      'token.expires_at': token.expiresAt,
    },
  }
}

function principalOf({ principal }: SignedIn, token: Pick<IssuedToken, 'tokenId' | 'expiresAt'> | null) {
  return { ...principal, key: null, tokenId: token?.tokenId ?? null, expiresAt: token?.expiresAt ?? null }
}
