import type { RejectReason, UnavailableReason } from '../../model/reasons.ts'
import type { SignInFault } from '../../model/sign-in.ts'

/** Why a sign-in came to nothing: the two kinds have no name in common. */
export type Trouble = RejectReason | UnavailableReason

const UNAVAILABLE: { readonly [Reason in UnavailableReason]?: { readonly after: number; readonly message: string } } = {
  provider_unavailable: {
    after: 5,
    message: 'cannot be reached, or does not answer as it must. Try again in a moment.',
  },
  jwks_unavailable: { after: 5, message: 'does not give out its keys at the moment. Try again in a moment.' },
  busy: { after: 1, message: 'is asked by many people at once. Try again in a moment.' },
  client_refused: {
    after: 60,
    message: 'does not know this proxy, or not as it is configured here. An administrator has to look at it.',
  },
}

const REJECTED: { readonly [Reason in RejectReason]?: string } = {
  sign_in_denied: 'did not let you sign in, or you said no there.',
  sign_in_refused: 'did not finish the sign-in. Start again.',
  sign_in_too_weak: 'did not sign you in as strongly, or as recently, as was asked for.',
  wrong_state: 'answered another sign-in than this one. Start again, in one window of one browser.',
}
const UNTRUSTED = 'sent an answer that cannot be trusted. Start again; if it happens again, tell an administrator.'

/** What the person is told. Nothing in it comes from the issuer, whose words may be anybody's. */
export function faultOf(trouble: Trouble, name: string): SignInFault {
  const row = UNAVAILABLE[trouble as UnavailableReason]
  if (row === undefined) {
    const reason = trouble as RejectReason
    return { outcome: 'rejected', reason, message: `${name} ${REJECTED[reason] ?? UNTRUSTED}` }
  }
  const { after, message } = row
  const reason = trouble as UnavailableReason
  return { outcome: 'unavailable', reason, message: `${name} ${message}`, retryAfterSeconds: after }
}

/** What the error codes of issuers mean: RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6, RFC 8628 3.5. */
const ERRORS: { readonly [error: string]: Trouble } = {
  access_denied: 'sign_in_denied',
  unmet_authentication_requirements: 'sign_in_too_weak',
  temporarily_unavailable: 'provider_unavailable',
  server_error: 'provider_unavailable',
  invalid_client: 'client_refused',
  unauthorized_client: 'client_refused',
  unsupported_response_type: 'client_refused',
  unsupported_grant_type: 'client_refused',
  invalid_scope: 'client_refused',
  invalid_request: 'client_refused',
}

/** `login_required`, `interaction_required`, `invalid_grant` and whatever is not known: the person starts again. */
export function troubleOf(error: string): Trouble {
  return Object.hasOwn(ERRORS, error) ? (ERRORS[error] ?? 'sign_in_refused') : 'sign_in_refused'
}
