import type { AuditEvent, AuditRequest } from '../../model/audit.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { IssuedToken, PageRequest, SignedIn, SignInFault } from '../../model/sign-in.ts'
import { signInFailed, signInSucceeded, tokenIssued } from '../sign-in/events.ts'
import type { ThrottleStep } from '../throttle.ts'
import type { DevicePorts } from './ports.ts'

export type IssuingFault = 'too_large' | 'expired' | 'unavailable' | 'audit_unavailable'
type IssuingPorts = Pick<DevicePorts, 'issuer' | 'audit'>
export type Via = 'device' | 'refresh'

/** A request that knows how events name it: the frame of the pages gives every one so. */
export interface DeviceVisit extends PageRequest {
  readonly asked: AuditRequest
}

/** A token, and whose it is. */
export interface Issued {
  readonly issued: IssuedToken
  readonly who: SignedIn
}

export async function issue({ issuer }: IssuingPorts, who: SignedIn): Promise<Result<Issued, IssuingFault>> {
  const issued = await issuer.issue(who)
  return issued.ok ? ok({ issued: issued.value, who }) : failed(issued.fault)
}

/** Writes that a token is handed out, before it is. False where that cannot be written: then it must not be. */
export function noteIssued(
  ports: IssuingPorts,
  { issued, who }: Issued,
  via: Via,
  visit: DeviceVisit,
): Promise<boolean> {
  const event = tokenIssued(visit, who, issued, 'device')
  const extra = via === 'device' ? event.extra : { ...event.extra, 'sign_in.purpose': 'refresh' }
  return committed(ports, { ...event, extra })
}

/** Writes that somebody has signed in at a provider, for a terminal. */
export function noteSignedIn(ports: IssuingPorts, who: SignedIn, visit: DeviceVisit): Promise<boolean> {
  return committed(ports, signInSucceeded(visit, who, { purpose: 'device', secondFactor: null }))
}

/** Somebody has signed in, and gets no token for it. */
export function noteNotIssued({ audit }: IssuingPorts, who: SignedIn, fault: IssuingFault, visit: DeviceVisit): void {
  if (fault !== 'expired' && fault !== 'too_large') return
  const { issuer: source, method } = who.principal
  const reason = fault === 'expired' ? 'expired' : 'token_too_large'
  audit.append(signInFailed(visit, { reason, source, method, account: null, who }))
}

/** Nobody has signed in, although a terminal waited for it. */
export function noteFailed({ audit }: IssuingPorts, provider: string, fault: SignInFault, visit: DeviceVisit): void {
  const account = fault.outcome === 'rejected' ? (fault.account ?? null) : null
  audit.append(signInFailed(visit, { reason: fault.reason, source: provider, method: 'jwt', account }))
}

/** Somebody has used a refresh token that was used before: it is known to two, and one of them is a thief. */
export function noteReused(
  { audit }: IssuingPorts,
  of: { readonly issuer: string; readonly subject: string; readonly areRevoked: boolean },
  { now, asked }: DeviceVisit,
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
export function noteGuesses(
  { audit }: IssuingPorts,
  steps: readonly ThrottleStep[],
  { now, asked }: DeviceVisit,
): void {
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
