import type { AuditEvent } from '../../model/audit.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { IssuedToken, PageRequest, SignedIn, SignInFault } from '../../model/sign-in.ts'
import type { DevicePorts } from './ports.ts'

export type IssuingFault = 'too_large' | 'expired' | 'unavailable' | 'audit_unavailable'
type IssuingPorts = Pick<DevicePorts, 'issuer' | 'audit'>
export type Via = 'device' | 'refresh'

/** A token, and its event. */
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
  { audit }: IssuingPorts,
  { issued, who }: Issued,
  via: Via,
  request: PageRequest,
): Promise<boolean> {
  const { tokenId, expiresAt } = issued
  const event: AuditEvent = {
    at: request.now,
    action: 'token-issued',
    outcome: 'success',
    message: via === 'device' ? 'a token was handed out to a terminal' : 'a token was renewed for a terminal',
    principal: { ...who.principal, key: null, tokenId, expiresAt },
    ...clientOf(request),
    extra: { 'sign_in.via': via, 'sign_in.request': request.id },
  }
  return new Promise((resolve) => audit.commit(event, resolve))
}

/** Nobody has signed in, although a terminal waited for it. */
export function noteFailed({ audit }: IssuingPorts, provider: string, fault: SignInFault, request: PageRequest): void {
  audit.append({
    at: request.now,
    action: 'sign-in-failed',
    outcome: 'failure',
    reason: fault.reason,
    message: 'a sign-in from a terminal failed',
    authIssuer: provider,
    ...clientOf(request),
    extra: { 'sign_in.via': 'device', 'sign_in.request': request.id },
  })
}

/** Somebody has used a refresh token that was used before: it is known to two, and one of them is a thief. */
export function noteReused(
  { audit }: IssuingPorts,
  of: { readonly issuer: string; readonly subject: string; readonly areRevoked: boolean },
  request: PageRequest,
): void {
  audit.append({
    at: request.now,
    action: 'refresh-token-reused',
    outcome: of.areRevoked ? 'success' : 'failure',
    reason: 'revoked',
    message: of.areRevoked
      ? 'a refresh token was used again: every token that came of this sign-in is revoked'
      : 'a refresh token was used again, and the tokens that came of this sign-in could not be revoked',
    authIssuer: of.issuer,
    ...clientOf(request),
    extra: { 'sign_in.via': 'refresh', 'sign_in.request': request.id, 'sign_in.user': of.subject },
  })
}

function clientOf({ client }: PageRequest): Pick<AuditEvent, 'client'> {
  return client === '' ? {} : { client: { ip: client } }
}
