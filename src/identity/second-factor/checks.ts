import { type AccountName, type AccountStore, codesOf, type LockRule } from '../../model/accounts.ts'
import type { Clock } from '../../model/ports.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { Secret } from '../../model/secret.ts'
import type { SecondFactorChecks } from '../../model/sign-in.ts'
import type { IdentityReport } from '../method.ts'
import { asked } from '../patience.ts'
import { type Attempt, Throttle, type ThrottleStep } from '../throttle.ts'
import { readRecoveryCode, recoveryHash } from './recovery-codes.ts'
import { matchingStep } from './totp.ts'

/**
 * Three codes of a million are right at a time, so that ten tries an hour find one in some years. Counted for the whole
 * fleet, and apart from passwords: who has stolen one must not have all of its tries for codes.
 */
const LOCK: LockRule = { most: 10, windowMs: 3_600_000, lockMs: 3_600_000 }

export interface SecondFactorPorts {
  /** Null while no store is open: then nobody can tell. */
  readonly store: () => Pick<AccountStore, 'accountFailures' | 'secondFactors'> | null
  readonly clock: Clock
  readonly report: (report: IdentityReport) => void
}

type Verdict = Awaited<ReturnType<SecondFactorChecks['check']>>

/** What was typed, by its form. */
type Typed = { readonly by: 'otp'; readonly code: string } | { readonly by: 'recovery'; readonly code: string }

interface Try extends AccountName {
  readonly typed: Typed
  readonly client: string
  readonly attempt: Attempt
}

/** Codes of the second factors in the store. Whoever asks has seen the account's password first. */
export function secondFactorChecks(ports: SecondFactorPorts): SecondFactorChecks {
  // One for the life of the process: wrong codes are not forgotten in a reload.
  const throttle = new Throttle(ports.clock)
  return {
    isEnrolled: (source, account) => isEnrolled(ports, { source, account }),
    check: (source, account, code, client) => check(ports, throttle, { source, account }, code, client),
  }
}

async function isEnrolled(ports: SecondFactorPorts, of: AccountName): Promise<Result<boolean, 'unavailable'>> {
  try {
    const store = opened(ports)
    return ok((await asked(() => store.secondFactors.find(of))) !== undefined)
  } catch {
    return failed('unavailable')
  }
}

async function check(
  ports: SecondFactorPorts,
  throttle: Throttle,
  of: AccountName,
  code: Secret,
  client: string,
): Promise<Verdict> {
  const typed = readCode(code.reveal())
  // It is no guess either.
  if (typed === null) return wrong(0)
  const admission = throttle.begin(`${of.source}\n${of.account}`, client, client !== '')
  if (admission === 'busy') return wrong(1000)
  if ('waitMs' in admission) return wrong(admission.waitMs)
  const { attempt } = admission
  try {
    return await checked(ports, { ...of, typed, client, attempt })
  } catch {
    return { outcome: 'unavailable' }
  } finally {
    attempt.ended()
  }
}

async function checked(ports: SecondFactorPorts, one: Try): Promise<Verdict> {
  const store = opened(ports)
  const now = ports.clock()
  const factor = await asked(() => store.secondFactors.find(one))
  if (factor === undefined) return refused(ports, one)
  // Counted before it is looked at: of codes that are tried at once none is one too many.
  const counted = await asked(() => store.accountFailures.failed(codesOf(one), now, LOCK))
  if (counted.lockedUntil !== null) return refused(ports, one, counted.lockedUntil - now)
  if (!(await isRight(store, factor.secret, one, now))) return refused(ports, one)
  one.attempt.succeeded()
  // Where that cannot be written it counts against the account, and no code is lost.
  await asked(() => store.accountFailures.forgive(codesOf(one))).catch(() => undefined)
  return { outcome: 'right', by: one.typed.by }
}

/** Takes the code: whoever shows it once more finds it used. */
function isRight(
  { secondFactors }: Pick<AccountStore, 'secondFactors'>,
  secret: Secret,
  { source, account, typed }: Try,
  now: number,
): Promise<boolean> {
  const of = { source, account }
  if (typed.by === 'recovery') {
    return asked(() => secondFactors.useRecovery(of, recoveryHash(of, typed.code), now))
  }
  const step = matchingStep(secret, typed.code, now)
  return step === null ? Promise.resolve(false) : asked(() => secondFactors.advance(of, step))
}

function refused(ports: SecondFactorPorts, { source, account, client, attempt }: Try, lockedMs = 0): Verdict {
  const steps = attempt.failed(false)
  for (const step of steps) ports.report(reportOf(step, { source, account }, client))
  return wrong(Math.max(lockedMs, ...steps.map(({ waitMs }) => waitMs)))
}

function reportOf(step: ThrottleStep, { source, account }: AccountName, client: string): IdentityReport {
  return {
    kind: 'authentication-throttled',
    issuer: source,
    method: source === 'local' ? 'local' : 'ldap',
    ...step,
    ...(client === '' ? {} : { client }),
    ...(step.scope === 'address' ? {} : { account }),
  }
}

function wrong(waitMs: number): Verdict {
  return { outcome: 'wrong', retryAfterSeconds: waitMs > 0 ? Math.ceil(waitMs / 1000) : null }
}

function readCode(typed: string): Typed | null {
  const digits = typed.length > 64 ? '' : typed.replace(/\s/g, '')
  if (/^[0-9]{6}$/.test(digits)) return { by: 'otp', code: digits }
  const code = readRecoveryCode(typed)
  return code === null ? null : { by: 'recovery', code }
}

function opened({ store }: SecondFactorPorts) {
  const open = store()
  if (open === null) throw new Error('no store is open')
  return open
}
