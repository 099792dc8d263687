import { isJsonObject, type JsonObject, ownValue } from '../../model/json.ts'
import type { RejectReason } from '../../model/reasons.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { OneTime, PageAnswer, PageRequest, Revoker, Route } from '../../model/sign-in.ts'
import { isId } from '../claims.ts'
import { digestOf, readToken } from '../jwt/token.ts'
import type { Trouble } from './faults.ts'
import { isForClient, timeFault } from './id-token.ts'
import type { LogoutRefused } from './ports.ts'
import type { IssuerSession } from './session.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** How old a logout token may be, whatever its `exp` says; issuers send them at once. Milliseconds. */
const MAX_AGE_MS = 5 * 60_000
const MAX_FORM_BYTES = 20 * 1024

/** Whom an issuer has logged out. At least one of the two is known. */
interface LoggedOut {
  readonly jti: string
  readonly subject: string | null
  readonly session: string | null
  /** Epoch milliseconds: nobody takes the token from then on. */
  readonly untilMs: number
}

export interface LogoutPorts {
  readonly oneTime: OneTime
  readonly revoker: Revoker
  readonly logoutRefused?: LogoutRefused | undefined
}

/**
 * Takes the issuer's word that a person, or one session of theirs, is over, and revokes what came of it. Whatever is wrong
 * is answered 400, also where it could not be written down: the issuer may send it again.
 *
 * Source: OpenID Connect Back-Channel Logout 1.0 sections 2.4 to 2.8.
 */
export function logoutRoute(issuer: IssuerSession, ports: LogoutPorts): Route {
  const { name } = issuer.settings
  return {
    method: 'POST',
    path: `/auth/oidc/${name}/logout`,
    isCrossSite: true,
    maxForm: MAX_FORM_BYTES,
    handle: async (request) => {
      const fault = await taken(issuer, ports, request)
      if (fault === null) return { status: 200, headers: ['cache-control', 'no-store'], body: '' }
      ports.logoutRefused?.(name, fault, request)
      return refused(fault)
    },
  }
}

/** Null where what came of the session, or of the person, is revoked. */
async function taken(
  issuer: IssuerSession,
  { oneTime, revoker }: LogoutPorts,
  { form, now }: PageRequest,
): Promise<Trouble | null> {
  const token = form.get('logout_token')
  if (token === undefined) return 'malformed'
  const whom = await verifyLogout(token, issuer, now)
  if (!whom.ok) return whom.fault
  const digest = digestOf(JSON.stringify([issuer.settings.issuer, whom.value.jti]))
  try {
    // Twice is no harm, but would end what began in between.
    const work = () => revoke(issuer, revoker, whom.value)
    return (await oneTime.takeAfter(digest, whom.value.untilMs, work)) ? null : 'revoked'
  } catch {
    return 'store_unavailable'
  }
}

/** Claims first: they cost nothing, and anybody may send a token. */
async function verifyLogout(
  text: string,
  { settings, signatures }: IssuerSession,
  nowMs: number,
): Promise<Result<LoggedOut, Trouble>> {
  const token = readToken(text, logoutForm)
  if (!token.ok) return token
  const { payload } = token.value
  if (ownValue(payload, 'iss') !== settings.issuer) return failed('wrong_iss')
  if (!isForClient(payload, settings.login.clientId)) return failed('wrong_aud')
  const time = timeFault(payload, settings.clockSkewMs, nowMs)
  if (time !== null) return failed(time)
  const untilMs = Number(ownValue(payload, 'iat')) * 1000 + MAX_AGE_MS + settings.clockSkewMs
  if (nowMs > untilMs) return failed('expired')
  const whom = loggedOut(payload, untilMs)
  if (!whom.ok) return whom
  const fault = await signatures.faultOf(token.value)
  return fault === null ? whom : failed(fault)
}

/** Older issuers say `JWT` or nothing; then `events` and the absence of `nonce` tell it from an ID token. */
function logoutForm(typ: unknown): 'explicit' | 'plain' | null {
  if (typ === undefined) return 'plain'
  if (typeof typ !== 'string') return null
  const name = typ.toLowerCase()
  if (name === 'jwt') return 'plain'
  return name === 'logout+jwt' || name === 'application/logout+jwt' ? 'explicit' : null
}

function loggedOut(payload: JsonObject, untilMs: number): Result<LoggedOut, RejectReason> {
  const events = ownValue(payload, 'events')
  if (!isJsonObject(events) || !isJsonObject(ownValue(events, EVENT)) || Object.hasOwn(payload, 'nonce')) {
    return failed('wrong_type')
  }
  const [jti, sub, sid] = ['jti', 'sub', 'sid'].map((name) => ownValue(payload, name))
  if (jti === undefined || (sub === undefined && sid === undefined)) return failed('claim_missing')
  if (!isId(jti) || !(sub === undefined || isId(sub)) || !(sid === undefined || isId(sid))) return failed('malformed')
  return ok({ jti, subject: sub ?? null, session: sid ?? null, untilMs })
}

/**
 * One session where the issuer names sessions in its ID tokens, too, and says so; otherwise what was issued cannot be told
 * by its session, and everything of the person ends.
 */
async function revoke(issuer: IssuerSession, revoker: Revoker, { subject, session }: LoggedOut): Promise<void> {
  const { name } = issuer.settings
  if (session !== null) await revoker.session(name, session, name)
  if (subject === null) return
  const namesSessions = session !== null && (await issuer.ask(async ({ metadata }) => ok(metadata.logoutNamesSessions)))
  if (namesSessions === false || !namesSessions.ok || !namesSessions.value) await revoker.subject(name, subject, name)
}

function refused(reason: Trouble): PageAnswer {
  const body = { error: 'invalid_request', error_description: `the logout token was not taken: ${reason}` }
  const headers = ['cache-control', 'no-store', 'content-type', 'application/json']
  return { status: 400, headers, body: JSON.stringify(body) }
}
