import type { PageAnswer } from '../../model/sign-in.ts'
import type { Visit } from '../sign-in/parts.ts'
import { jsonAnswer, oauthError, unavailable } from './answer.ts'
import { type IssuingFault, issue, noteFailed, noteIssued, noteSignedIn, type Via } from './issuing.ts'
import type { OwnCodes } from './own-codes.ts'
import type { DevicePorts } from './ports.ts'
import { PROVIDER_PREFIX, type ProviderCodes, type ProviderPoll } from './provider-codes.ts'
import type { Granted, Renewals } from './renewals.ts'

export interface TokenPorts {
  readonly ports: DevicePorts
  readonly own: OwnCodes
  readonly provided: ProviderCodes
  readonly renewals: Renewals
}

/** `POST /auth/device/token`: a terminal asks for its token, again and again, or for another one (RFC 8628 section 3.4, RFC 6749 section 6). */
export async function deviceToken(all: TokenPorts, request: Visit): Promise<PageAnswer> {
  const { form } = request
  switch (form.get('grant_type')) {
    case undefined:
      return oauthError('invalid_request', '`grant_type` is missing')
    case 'urn:ietf:params:oauth:grant-type:device_code': {
      const code = form.get('device_code')
      if (code === undefined) return oauthError('invalid_request', '`device_code` is missing')
      return code.startsWith(PROVIDER_PREFIX) ? polledProvider(all, code, request) : polledOwn(all, code, request)
    }
    case 'refresh_token': {
      const refresh = form.get('refresh_token')
      if (refresh === undefined) return oauthError('invalid_request', '`refresh_token` is missing')
      return renewed(all, refresh, request)
    }
    default:
      return oauthError('unsupported_grant_type', 'neither a device code nor a refresh token')
  }
}

async function polledOwn({ ports, own }: TokenPorts, code: string, request: Visit): Promise<PageAnswer> {
  const polled = await own.poll(code, request.now)
  if (polled.state !== 'approved') return notYet(polled.state)
  const issued = await issue(ports, polled.who)
  if (!issued.ok) return notIssued(issued.fault)
  return handedOut(ports, { ...issued.value, refresh: null, family: null }, 'device', request)
}

async function polledProvider(all: TokenPorts, code: string, request: Visit): Promise<PageAnswer> {
  const { ports, provided, renewals } = all
  const polled = await provided.poll(code, request.now)
  if (polled.outcome !== 'answered') return notYet(polled.outcome)
  const { answer, provider } = polled
  if (answer.outcome !== 'signed-in') return refused(all, polled, request)
  if (!(await noteSignedIn(ports, answer.who, request))) return notIssued('audit_unavailable')
  const issued = await issue(ports, { ...answer.who, provenAt: request.now })
  if (!issued.ok) return notIssued(issued.fault)
  const granted = await renewals.begin(provider.name, issued.value, answer.grant, request.now)
  return handedOut(ports, granted, 'device', request)
}

function refused(
  { ports }: TokenPorts,
  { provider, answer }: Extract<ProviderPoll, { outcome: 'answered' }>,
  request: Visit,
): PageAnswer {
  // INVARIANT: asked only where nobody has signed in.
  if (answer.outcome === 'signed-in') throw new Error('a sign-in that succeeded is refused')
  noteFailed(ports, provider.name, answer, request)
  if (answer.outcome === 'unavailable') return unavailable(answer.message, answer.retryAfterSeconds)
  return oauthError('access_denied', answer.message)
}

async function renewed({ ports, renewals }: TokenPorts, refresh: string, request: Visit): Promise<PageAnswer> {
  const granted = await renewals.renew(refresh, request)
  if (granted.ok) {
    const answer = await handedOut(ports, granted.value, 'refresh', request)
    if (answer.status !== 200) await renewals.undo(granted.value)
    return answer
  }
  if (granted.fault !== 'invalid') return notIssued(granted.fault)
  return oauthError('invalid_grant', 'this sign-in cannot be renewed: sign in again')
}

async function handedOut(ports: DevicePorts, granted: Granted, via: Via, request: Visit): Promise<PageAnswer> {
  if (!(await noteIssued(ports, granted, via, request))) return notIssued('audit_unavailable')
  const { issued, who, refresh } = granted
  const { id, issuer, name } = who.principal
  return jsonAnswer(200, {
    access_token: issued.token.reveal(),
    token_type: 'Bearer',
    expires_in: Math.max(0, issued.expiresAt - Math.floor(request.now / 1000)),
    ...(refresh === null ? {} : { refresh_token: refresh }),
    user: id,
    issuer,
    ...(name === null ? {} : { name }),
  })
}

function notYet(state: Exclude<ProviderPoll['outcome'], 'answered'> | 'too_soon' | 'denied'): PageAnswer {
  switch (state) {
    case 'pending':
      return oauthError('authorization_pending', 'nobody has signed in yet')
    case 'slow_down':
    case 'too_soon':
      return oauthError('slow_down', 'wait 5 seconds longer between two polls')
    case 'expired':
      return oauthError('expired_token', 'nobody has signed in in time: begin again')
    case 'denied':
      return oauthError('access_denied', 'the sign-in was refused')
    case 'unknown':
      return oauthError('invalid_grant', 'this code is not known, or was used: begin again')
    case 'unavailable':
      return unavailable('the sign-in cannot be looked up at the moment')
  }
}

function notIssued(fault: IssuingFault): PageAnswer {
  switch (fault) {
    case 'expired':
      return oauthError('access_denied', 'who vouches for you does not do so any more: sign in again')
    case 'too_large':
      return oauthError('access_denied', 'you are in more groups than a token can hold: ask who runs this proxy')
    case 'unavailable':
      return unavailable('no token can be made at the moment')
    case 'audit_unavailable':
      return unavailable('no token is handed out while that cannot be audited')
  }
}
