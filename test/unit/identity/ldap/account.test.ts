import t from 'tap'
import { accountFault, passwordMark } from '../../../../src/identity/ldap/account.ts'
import { bindRefusal, policyFault } from '../../../../src/identity/ldap/bind-refusal.ts'
import type { LdapEntry } from '../../../../src/identity/ldap/entry.ts'
import type { RejectReason } from '../../../../src/model/reasons.ts'
import { NOW } from '../forge.ts'

const entry = (attributes: { readonly [name: string]: string }): LdapEntry => ({
  dn: 'cn=alice,dc=example',
  attributes: new Map(Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), [value]])),
})
const windows = (ms: number) => String((BigInt(ms) + 11_644_473_600_000n) * 10_000n)
const generalized = (ms: number) => `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
const DAY = 86_400_000

type Row = readonly [name: string, attributes: { readonly [name: string]: string }, reason: RejectReason | null]

/** Each refusal stands beside its twin. */
const rows: readonly Row[] = [
  ['nothing is known', {}, null],
  ['a normal account', { userAccountControl: '512' }, null],
  ['a disabled one', { userAccountControl: '514' }, 'account_disabled'],
  ['one whose control cannot be read', { userAccountControl: 'x' }, 'account_disabled'],
  ['never expires (0)', { accountExpires: '0' }, null],
  ['never expires (largest)', { accountExpires: '9223372036854775807' }, null],
  ['expires tomorrow', { accountExpires: windows(NOW + DAY) }, null],
  ['expired a second ago', { accountExpires: windows(NOW - 1000) }, 'account_expired'],
  ['expires at no time', { accountExpires: 'soon' }, 'account_expired'],
  ['a password that was set', { userAccountControl: '512', pwdLastSet: windows(NOW - DAY) }, null],
  ['must change it first', { userAccountControl: '512', pwdLastSet: '0' }, 'password_expired'],
  ['never set, and never expires', { userAccountControl: '66048', pwdLastSet: '0' }, null],
  ['computed: nothing', { 'msDS-User-Account-Control-Computed': '0' }, null],
  ['computed: locked out', { 'msDS-User-Account-Control-Computed': '16' }, 'account_locked'],
  ['computed: password expired', { 'msDS-User-Account-Control-Computed': '8388608' }, 'password_expired'],
  ['shadow: never', { shadowExpire: '-1' }, null],
  ['shadow: tomorrow', { shadowExpire: String(Math.floor(NOW / DAY) + 1) }, null],
  ['shadow: today', { shadowExpire: String(Math.floor(NOW / DAY)) }, 'account_expired'],
  ['shadow: the first day', { shadowExpire: '0' }, 'account_expired'],
  ['389: not locked', { nsAccountLock: 'FALSE' }, null],
  ['389: locked', { nsAccountLock: 'TRUE' }, 'account_disabled'],
  ['389: who knows', { nsAccountLock: '1' }, 'account_disabled'],
  ['eDirectory: disabled', { loginDisabled: 'TRUE' }, 'account_disabled'],
  ['ppolicy: locked for a time, which the bind tells', { pwdAccountLockedTime: generalized(NOW) }, null],
  ['ppolicy: locked for good', { pwdAccountLockedTime: '000001010000Z' }, 'account_locked'],
  ['ppolicy: must change it first', { pwdReset: 'TRUE' }, 'password_expired'],
  ['ppolicy: changed', { pwdReset: 'FALSE' }, null],
  ['ppolicy: the account ended', { pwdEndTime: generalized(NOW - 1000) }, 'account_expired'],
  ['FreeIPA: expires tomorrow', { krbPrincipalExpiration: generalized(NOW + DAY) }, null],
  ['FreeIPA: expired', { krbPrincipalExpiration: generalized(NOW - 1000) }, 'account_expired'],
  ['FreeIPA: good password', { krbPasswordExpiration: generalized(NOW + DAY) }, null],
  ['FreeIPA: old password', { krbPasswordExpiration: generalized(NOW - 1000) }, 'password_expired'],
]

t.test('the state of an account', async (t) => {
  for (const [name, attributes, reason] of rows) t.equal(accountFault(entry(attributes), NOW), reason, name)
})

t.test('another password has another mark', async (t) => {
  const marks = [{}, { pwdLastSet: '1' }, { pwdLastSet: '2' }, { pwdChangedTime: '1' }, { krbLastPwdChange: '1' }]
  t.equal(new Set(marks.map((one) => passwordMark(entry(one)))).size, marks.length)
  t.equal(passwordMark(entry({ pwdLastSet: '1' })), passwordMark(entry({ pwdLastSet: '1', mail: 'x' })))
})

const AD = (data: string) =>
  `80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data ${data}, v4563 Code: 0x31`
const NONE = { error: null, isGrace: false }

const refusals: readonly (readonly [name: string, code: number, diagnostic: string, reason: RejectReason | null])[] = [
  ['wrong password', 49, 'Code: 0x31', 'wrong_password'],
  ['52e', 49, AD('52e'), 'wrong_password'],
  ['525', 49, AD('525'), 'unknown_user'],
  ['530', 49, AD('530'), 'logon_restricted'],
  ['531', 49, AD('531'), 'logon_restricted'],
  ['532', 49, AD('532'), 'password_expired'],
  ['533', 49, AD('533'), 'account_disabled'],
  ['701', 49, AD('701'), 'account_expired'],
  ['773', 49, AD('773'), 'password_expired'],
  ['775', 49, AD('775'), 'account_locked'],
  ['another code of Windows', 49, AD('57'), 'wrong_password'],
  ['a name of an object', 49, AD('constructor'), 'wrong_password'],
  ['389: too many tries', 19, 'Exceed password retry limit', 'account_locked'],
  ['389: inactivated', 53, 'Account inactivated. Contact system administrator.', 'account_disabled'],
  ['unwilling', 53, 'no', 'logon_restricted'],
  ['the entry is gone', 32, '', 'unknown_user'],
  ['an entry without a password', 48, '', 'wrong_password'],
  ['not allowed', 50, '', 'logon_restricted'],
  ['busy', 51, '', null],
  ['unavailable', 52, '', null],
  ['a referral', 10, '', null],
  ['wants a safer line', 13, '', null],
  ['broken', 80, '', null],
]

t.test('why a bind is refused, and when that says nothing of the person', async (t) => {
  for (const [name, code, diagnostic, reason] of refusals) t.equal(bindRefusal(code, diagnostic, NONE), reason, name)
  t.equal(bindRefusal(49, '', { error: 1, isGrace: false }), 'account_locked', 'the control says more')
  t.equal(bindRefusal(49, '', { error: 0, isGrace: false }), 'password_expired')
})

t.test('a bind that succeeds with a warning', async (t) => {
  t.equal(policyFault(NONE), null)
  t.equal(policyFault({ error: 2, isGrace: false }), 'password_expired', 'must change it first')
  t.equal(policyFault({ error: null, isGrace: true }), 'password_expired', 'one of the last times')
  t.equal(policyFault({ error: 99, isGrace: false }), 'logon_restricted', 'what nobody knows')
})
