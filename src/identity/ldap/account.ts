import type { RejectReason } from '../../model/reasons.ts'
import type { LdapEntry } from './entry.ts'
import { firstText } from './entry.ts'

/** What the state of an account is read from, whichever directory has it. All are asked for by name: some are operational. */
export const STATE_ATTRIBUTES = [
  'userAccountControl',
  'msDS-User-Account-Control-Computed',
  'accountExpires',
  'pwdLastSet',
  'shadowExpire',
  'nsAccountLock',
  'loginDisabled',
  'pwdAccountLockedTime',
  'pwdReset',
  'pwdEndTime',
  'krbPrincipalExpiration',
  'krbPasswordExpiration',
] as const

/** Where one of these differs, the password is another one. */
export const PASSWORD_ATTRIBUTES = ['pwdLastSet', 'pwdChangedTime', 'krbLastPwdChange', 'shadowLastChange'] as const

/** Bits of `userAccountControl` (MS-ADTS section 2.2.16). */
const DISABLED = 0x2
const LOCKED_OUT = 0x10
const PASSWORD_NEVER_EXPIRES = 0x1_0000
const PASSWORD_EXPIRED = 0x80_0000

/** Between 1601, where Windows begins to count, and 1970. Milliseconds. */
const WINDOWS_EPOCH_MS = 11_644_473_600_000n
const NEVER = 0x7fff_ffff_ffff_ffffn
const DAY_MS = 86_400_000
/** How ppolicy marks an account that an administrator locked. */
const LOCKED_FOR_GOOD = '000001010000Z'

/**
 * Why an account may not sign in although its password is right; null where nothing is known against it. Directories refuse
 * most of these themselves, but not all do, and none does for a sign-in that is remembered. What cannot be read counts
 * against the account. Source: MS-ADTS, shadow(5), draft-behera-ldap-password-policy, 389 Directory Server, FreeIPA.
 */
export function accountFault(entry: LdapEntry, nowMs: number): RejectReason | null {
  const text = (name: string) => firstText(entry, name)
  if (isDisabled(text)) return 'account_disabled'
  const flags = control(text('msDS-User-Account-Control-Computed'))
  if (((control(text('userAccountControl')) | flags) & LOCKED_OUT) !== 0) return 'account_locked'
  if (text('pwdAccountLockedTime') === LOCKED_FOR_GOOD) return 'account_locked'
  if (hasExpired(text, nowMs)) return 'account_expired'
  const mustChange = text('pwdLastSet') === '0' && (control(text('userAccountControl')) & PASSWORD_NEVER_EXPIRES) === 0
  if (mustChange || isTrue(text('pwdReset')) || (flags & PASSWORD_EXPIRED) !== 0) return 'password_expired'
  return isOver(text('krbPasswordExpiration'), generalizedMs, nowMs) ? 'password_expired' : null
}

/** Names the password that an account has, as far as its directory tells. */
export function passwordMark(entry: LdapEntry): string {
  return PASSWORD_ATTRIBUTES.map((name) => firstText(entry, name) ?? '').join(' ')
}

type ReadText = (name: string) => string | undefined

function isDisabled(text: ReadText): boolean {
  if ((control(text('userAccountControl')) & DISABLED) !== 0) return true
  return isTrue(text('nsAccountLock')) || isTrue(text('loginDisabled'))
}

function hasExpired(text: ReadText, nowMs: number): boolean {
  if (isOver(text('accountExpires'), windowsMs, nowMs) || isOver(text('shadowExpire'), daysMs, nowMs)) return true
  return (
    isOver(text('pwdEndTime'), generalizedMs, nowMs) || isOver(text('krbPrincipalExpiration'), generalizedMs, nowMs)
  )
}

/** All bits where it is there and cannot be read. */
function control(written: string | undefined): number {
  if (written === undefined) return 0
  return /^-?[0-9]{1,10}$/.test(written) ? Number(written) | 0 : -1
}

function isTrue(written: string | undefined): boolean {
  return written !== undefined && written.toLowerCase() !== 'false'
}

function isOver(written: string | undefined, toMs: (written: string) => number, nowMs: number): boolean {
  // Not the other way round: what is no time is over.
  return written !== undefined && !(toMs(written) > nowMs)
}

function windowsMs(written: string): number {
  if (!/^[0-9]{1,19}$/.test(written)) return Number.NaN
  const ticks = BigInt(written)
  return ticks === 0n || ticks >= NEVER ? Number.POSITIVE_INFINITY : Number(ticks / 10_000n - WINDOWS_EPOCH_MS)
}

function daysMs(written: string): number {
  if (!/^-?[0-9]{1,9}$/.test(written)) return Number.NaN
  return Number(written) < 0 ? Number.POSITIVE_INFINITY : Number(written) * DAY_MS
}

function generalizedMs(written: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?Z$/.exec(written)
  if (parts === null) return Number.NaN
  const [, year, month, day, hour, minute, second = '00'] = parts
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}
