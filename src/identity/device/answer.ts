import type { PageAnswer } from '../../model/sign-in.ts'

/** Errors of RFC 6749 sections 5.2 and 4.1.2.1, and of RFC 8628 section 3.5. */
export type OAuthError =
  | 'invalid_request'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'authorization_pending'
  | 'slow_down'
  | 'access_denied'
  | 'expired_token'
  | 'temporarily_unavailable'

const STATUS: { readonly [E in OAuthError]?: number } = { temporarily_unavailable: 503 }

/** A resource for programs; nobody may keep it. */
export function jsonAnswer(status: number, value: object, headers: readonly string[] = []): PageAnswer {
  const always = ['content-type', 'application/json', 'cache-control', 'no-store']
  return { status, headers: [...always, ...headers], body: JSON.stringify(value) }
}

/** `description` is for people: what is wrong, and what to do. */
export function oauthError(error: OAuthError, description: string, headers: readonly string[] = []): PageAnswer {
  return jsonAnswer(STATUS[error] ?? 400, { error, error_description: description }, headers)
}

export function unavailable(description: string, retryAfterSeconds = 5): PageAnswer {
  return oauthError('temporarily_unavailable', description, ['retry-after', String(retryAfterSeconds)])
}

/** Somebody asks too often. Not a fault of ours, and not one that waiting a moment would mend. */
export function tooMany(retryAfterSeconds: number): PageAnswer {
  const says = 'too many sign-ins are under way: try again later'
  const body = { error: 'temporarily_unavailable', error_description: says }
  return jsonAnswer(429, body, ['retry-after', String(retryAfterSeconds)])
}
