import type { RejectReason } from '../../model/reasons.ts'

/** What Active Directory adds to `invalidCredentials`: a Windows error code in hexadecimal. */
const WINDOWS: { readonly [code: string]: RejectReason } = {
  '525': 'unknown_user',
  '52e': 'wrong_password',
  '530': 'logon_restricted',
  '531': 'logon_restricted',
  '532': 'password_expired',
  '533': 'account_disabled',
  '701': 'account_expired',
  '773': 'password_expired',
  '775': 'account_locked',
}

/** Errors of the password policy control (draft-behera-ldap-password-policy section 6.2). */
const POLICY: { readonly [error: number]: RejectReason } = {
  0: 'password_expired',
  1: 'account_locked',
  2: 'password_expired',
}

/** What the control says beside a result: an error, or that a password is over and may yet be used a few times. */
export interface PolicyAnswer {
  readonly error: number | null
  readonly isGrace: boolean
}

/**
 * Why a directory refuses a person's bind; null where it says nothing of the person, so that nobody can tell.
 * Source: RFC 4511 appendix A; 389 Directory Server and FreeIPA (inactivated accounts are `unwillingToPerform`).
 */
export function bindRefusal(code: number, diagnostic: string, { error }: PolicyAnswer): RejectReason | null {
  if (error !== null && POLICY[error] !== undefined) return POLICY[error]
  switch (code) {
    case 49: {
      const windows = /\bdata ([0-9a-f]{1,8})\b/i.exec(diagnostic)?.[1]?.toLowerCase()
      return (windows === undefined ? undefined : WINDOWS[windows]) ?? 'wrong_password'
    }
    case 19:
      return 'account_locked'
    case 32:
      return 'unknown_user'
    case 48:
      return 'wrong_password'
    case 50:
      return 'logon_restricted'
    case 53:
      return /inactivat|disabled|locked/i.test(diagnostic) ? 'account_disabled' : 'logon_restricted'
    default:
      return null
  }
}

/** Why a bind that succeeded shows nothing all the same. */
export function policyFault({ error, isGrace }: PolicyAnswer): RejectReason | null {
  if (error !== null) return POLICY[error] ?? 'logon_restricted'
  return isGrace ? 'password_expired' : null
}
