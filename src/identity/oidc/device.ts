import { type JsonObject, ownValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { Secret } from '../../model/secret.ts'
import type { DeviceSignIn, Renewed, SignInFault, SignInWish } from '../../model/sign-in.ts'
import { isTrustworthy } from '../jwt/discovery.ts'
import type { DeviceStart } from './client.ts'
import { faultOf, type Trouble } from './faults.ts'
import { asBefore, readGrant, renewable } from './grant.ts'
import type { IssuerSession } from './session.ts'
import { readWish, strength, writeWish } from './session-state.ts'

/** RFC 8628 section 3.2: what an issuer means that does not say. Seconds. */
const INTERVAL = 5
const LONGEST_INTERVAL = 60
const LONGEST_WAIT = 3600
const NO_WISH: SignInWish = { acrValues: [], maxAge: null }

/** Sign-in by a code that is typed into the issuer's own page. Source: RFC 8628. */
export function deviceSignIn(session: IssuerSession): DeviceSignIn {
  const { settings } = session
  return {
    begin: async (wish) => {
      const parameters = { scope: settings.login.scopes.join(' '), ...strength(wish) }
      const started = await session.ask<DeviceStart, 'no_devices'>(async ({ client, metadata }) =>
        metadata.hasDevices ? client.startDevice(parameters) : failed('no_devices'),
      )
      if (!started.ok) {
        return failed(
          started.fault === 'no_devices' ? withoutDevices(settings.name) : faultOf(started.fault, settings.name),
        )
      }
      const shown = whatIsShown(started.value, settings.allowInsecure)
      if (shown === null) return failed(faultOf('malformed', settings.name))
      const startedAt = session.nowSeconds
      const until = startedAt + shown.expiresIn
      const { device_code: code } = started.value
      return ok({ ...shown, state: { name: settings.name, code, startedAt, until, ...writeWish(wish) } })
    },
    poll: (state) => poll(session, state),
  }
}

function withoutDevices(name: string): SignInFault {
  const message = `${name} has no sign-in by a code. Sign in with a browser.`
  return { outcome: 'rejected', reason: 'sign_in_refused', message }
}

/** It is shown in a terminal, and opened by a browser: no control characters, and no address that is none. */
function whatIsShown(started: DeviceStart, allowInsecure: boolean) {
  const { user_code: userCode, verification_uri: uri, verification_uri_complete: complete } = started
  const { interval = INTERVAL, expires_in: expiresIn } = started
  if (!/^[\x21-\x7e][\x20-\x7e]{0,63}$/.test(userCode)) return null
  const addresses = [uri, complete ?? uri].map((written) =>
    isTrustworthy(written, allowInsecure) ? new URL(written).href : null,
  )
  const [verificationUri = null, verificationUriComplete = null] = addresses
  if (verificationUri === null || verificationUriComplete === null) return null
  return {
    userCode,
    verificationUri,
    verificationUriComplete: complete === undefined ? null : verificationUriComplete,
    interval: Math.min(Math.max(Math.ceil(interval), 1), LONGEST_INTERVAL),
    expiresIn: Math.min(Math.floor(expiresIn), LONGEST_WAIT),
  }
}

async function poll(session: IssuerSession, state: JsonObject): ReturnType<DeviceSignIn['poll']> {
  const { name } = session.settings
  const [code, startedAt, until] = ['code', 'startedAt', 'until'].map((key) => ownValue(state, key))
  const wish = readWish(state)
  if (ownValue(state, 'name') !== name || wish === null || typeof code !== 'string') return faultOf('wrong_state', name)
  if (typeof startedAt !== 'number' || typeof until !== 'number') return faultOf('wrong_state', name)
  if (session.nowSeconds >= until) return { outcome: 'expired' }
  const polled = await session.ask<Renewed, 'pending' | 'slow_down' | 'expired_code'>(async (reached) => {
    const tokens = await reached.client.pollDevice(new Secret(code))
    if (!tokens.ok) return tokens
    const who = await session.whoSignedIn(reached, tokens.value, { nonce: null, wish, startedAt }, null)
    return who.ok ? ok(renewable(who.value, tokens.value, null)) : who
  })
  if (polled.ok) return polled.value
  switch (polled.fault) {
    case 'pending':
    case 'slow_down':
      return { outcome: polled.fault }
    case 'expired_code':
      return { outcome: 'expired' }
    default:
      return faultOf(polled.fault, name)
  }
}

/**
 * Another word of the issuer about who signed in once, by a refresh token. Without an ID token in it nobody says that the
 * person is still who they were, and they sign in again. Source: OpenID Connect Core section 12.
 */
export async function renew(session: IssuerSession, written: Secret): Promise<Renewed | SignInFault> {
  const { name } = session.settings
  const grant = readGrant(written)
  if (grant === null) return faultOf('malformed', name)
  const renewed: Result<Renewed, Trouble> = await session.ask(async (reached) => {
    const tokens = await reached.client.refresh(grant.token)
    if (!tokens.ok) return tokens
    const checks = { nonce: null, wish: NO_WISH, startedAt: session.nowSeconds }
    const who = await session.whoSignedIn(reached, tokens.value, checks, grant.subject)
    return who.ok ? ok(renewable(asBefore(who.value, grant), tokens.value, grant)) : who
  })
  return renewed.ok ? renewed.value : faultOf(renewed.fault, name)
}
