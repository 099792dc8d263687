import type { AuditEvent } from '../../model/audit.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { IssuedToken, SignedIn, SignInFault } from '../../model/sign-in.ts'
import { signInFailed, signInSucceeded, tokenIssued } from '../sign-in/events.ts'
import type { Visit } from '../sign-in/parts.ts'
import type { ThrottleStep } from '../throttle.ts'
import type { DevicePorts } from './ports.ts'

export type IssuingFault = 'too_large' | 'expired' | 'unavailable' | 'audit_unavailable'
type IssuingPorts = Pick<DevicePorts, 'issuer' | 'audit'>
type MakingPorts = Pick<DevicePorts, 'issuer' | 'standing'>
export type Via = 'device' | 'refresh'

/** A token, and whose it is. */
export interface Issued {
  readonly issued: IssuedToken
  readonly who: SignedIn
}

export async function issue({ issuer, standing }: MakingPorts, who: SignedIn): Promise<Result<Issued, IssuingFault>> {
  // Somebody signed in for a terminal that comes for its token minutes later.
  const stands = (await standing?.(who)) ?? { ok: true }
  if (!stands.ok) return failed(stands.fault === 'unavailable' ? 'unavailable' : 'expired')
  const issued = await issuer.issue(who)
  return issued.ok ? ok({ issued: issued.value, who }) : failed(issued.fault)
}

/** Writes that a token is handed out, before it is. False where that cannot be written: then it must not be. */
export function noteIssued(ports: IssuingPorts, { issued, who }: Issued, via: Via, visit: Visit): Promise<boolean> {
  const event = tokenIssued(visit, who, issued, 'device')
  const extra = via === 'device' ? event.extra : { ...event.extra, 'sign_in.purpose': 'refresh' }
  return committed(ports, { ...event, extra })
}

/** Writes that somebody has signed in at a provider, for a terminal. */
export function noteSignedIn(ports: IssuingPorts, who: SignedIn, visit: Visit): Promise<boolean> {
  return committed(ports, signInSucceeded(visit, who, { purpose: 'device', secondFactor: null }))
}

/** Nobody has signed in, although a terminal waited for it. */
export function noteFailed({ audit }: IssuingPorts, provider: string, fault: SignInFault, visit: Visit): void {
  const account = fault.outcome === 'rejected' ? (fault.account ?? null) : null
  audit.append(signInFailed(visit, { reason: fault.reason, source: provider, method: 'jwt', account }))
}

/** Somebody has used a refresh token that was used before: it is known to two, and one of them is a thief. */
export function noteReused(
  { audit }: IssuingPorts,
  of: { readonly issuer: string; readonly subject: string; readonly areRevoked: boolean },
  { now, asked }: Visit,
): void {
  audit.append({
    at: now,
    action: 'refresh-token-reused',
    outcome: of.areRevoked ? 'success' : 'failure',
    reason: 'revoked',
    message: of.areRevoked
      ? 'a refresh token was used again: every token that came of this sign-in is revoked'
      : 'a refresh token was used again, and the tokens that came of this sign-in could not be revoked',
    request: asked,
    authIssuer: of.issuer,
    extra: { 'sign_in.account': of.subject },
  })
}

/** Codes of terminals are guessed from one address. */
export function noteGuesses({ audit }: IssuingPorts, steps: readonly ThrottleStep[], { now, asked }: Visit): void {
  for (const { scope, failures, waitMs } of steps) {
    if (scope !== 'address') continue
    const seconds = Math.ceil(waitMs / 1000)
    audit.append({
      at: now,
      action: 'authentication-throttled',
      outcome: 'success',
      reason: 'throttled',
      message: `${failures} wrong codes of terminals from one address: the next ones are refused for ${seconds} s`,
      request: asked,
      extra: { 'throttle.scope': scope, 'throttle.failures': failures, 'throttle.wait_seconds': seconds },
    })
  }
}

function committed({ audit }: IssuingPorts, event: AuditEvent): Promise<boolean> {
  return new Promise((resolve) => audit.commit(event, resolve))
}
