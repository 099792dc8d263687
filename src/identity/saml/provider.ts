import { randomBytes, timingSafeEqual } from 'node:crypto'
import { type JsonObject, ownValue } from '../../model/json.ts'
import { failed, ok } from '../../model/result.ts'
import type { SamlSettings } from '../../model/saml-settings.ts'
import type { OneTime, PageRequest, Revoker, SignInOutcome, SignInProvider, SignInWish } from '../../model/sign-in.ts'
import { assertionDigest } from './digest.ts'
import { departure } from './library.ts'
import { logoutRoutes } from './logout.ts'
import { metadataRoute } from './metadata.ts'
import { signedIn } from './principal.ts'
import type { Refusal } from './refusal.ts'
import { verifiedAssertion } from './verify.ts'

export interface SamlPorts {
  /** The proxy's own URL, without a slash at its end. */
  readonly url: string
  readonly oneTime: OneTime
  /** Null where nothing can be revoked: then the provider is told of no address for its logouts. */
  readonly revoker: Revoker | null
}

/** What a document of XML can say. */
const NAMEABLE = /^[^\p{Cc}\p{Cs}\ufffe\uffff]{1,2048}$/u

/** A form of 256 KiB in base64, with every third character escaped. */
const MAX_FORM_BYTES = 640 * 1024

/** Sign-in by a SAML 2.0 identity provider: the web browser profile, begun here (SAML profiles section 4.1). */
export function openSaml(settings: SamlSettings, ports: SamlPorts): SignInProvider {
  const path = `/auth/saml/${settings.name}/acs`
  const arrivalUrl = `${ports.url}${path}`
  const { oneTime, revoker } = ports
  const logoutUrl = revoker === null ? null : `${ports.url}/auth/saml/${settings.name}/logout`
  const logout = revoker && logoutUrl ? logoutRoutes(settings, logoutUrl, { oneTime, revoker }) : []
  return {
    name: settings.name,
    kind: 'saml',
    begin: (wish) => begin(settings, arrivalUrl, wish),
    arrival: { method: 'POST', path, isCrossSite: true, maxForm: MAX_FORM_BYTES },
    complete: (request, state) => complete(settings, ports, arrivalUrl, request, state),
    routes: [metadataRoute(settings, arrivalUrl, logoutUrl), ...logout],
    close: () => undefined,
  }
}

async function begin(settings: SamlSettings, arrivalUrl: string, wish: SignInWish) {
  const request = `_${randomBytes(20).toString('hex')}`
  const relay = randomBytes(20).toString('base64url')
  const acrValues = wish.acrValues.length > 0 ? wish.acrValues : settings.acrValues
  if (!acrValues.every((value) => NAMEABLE.test(value))) {
    const message = 'What is asked for cannot be asked of a provider of SAML.'
    return failed({ outcome: 'rejected', reason: 'malformed', message } as const)
  }
  // SAML has no `max_age`: whoever asks for one gets a sign-in of now.
  const isForced = wish.maxAge !== null
  const to = await departure(settings, { id: request, relay, arrivalUrl, acrValues, isForced })
  return ok({ departure: to, state: { request, relay } })
}

async function complete(
  settings: SamlSettings,
  { oneTime }: SamlPorts,
  arrivalUrl: string,
  { form, now }: PageRequest,
  state: JsonObject,
): Promise<SignInOutcome> {
  const requestId = ownValue(state, 'request')
  const relay = ownValue(state, 'relay')
  if (typeof requestId !== 'string' || typeof relay !== 'string' || !isEqual(form.get('RelayState') ?? '', relay))
    return refusal(settings, { reason: 'unsolicited', says: 'belongs to no sign-in that this browser has begun' })
  const rules = {
    arrivalUrl,
    requestId,
    idpIssuer: settings.idpIssuer,
    audience: settings.issuer,
    skewMs: settings.clockSkewMs,
    nowMs: now,
  }
  const vouched = await verifiedAssertion(form.get('SAMLResponse') ?? '', settings, rules)
  if (!vouched.ok) return refusal(settings, vouched.fault)
  const who = signedIn(vouched.value, settings)
  if (!who.ok) return refusal(settings, who.fault)
  try {
    const isFirst = await oneTime.take(
      assertionDigest(settings.idpIssuer ?? settings.name, vouched.value.id),
      vouched.value.untilMs,
    )
    if (!isFirst) return refusal(settings, { reason: 'replayed', says: 'was used before' })
  } catch {
    const message = 'Nobody can tell right now whether this sign-in was used before; try again.'
    return { outcome: 'unavailable', reason: 'store_unavailable', message, retryAfterSeconds: 5 }
  }
  return { outcome: 'signed-in', who: who.value }
}

function isEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function refusal({ name }: SamlSettings, { reason, says }: Refusal): SignInOutcome {
  return { outcome: 'rejected', reason, message: `The answer of ${name} ${says}.` }
}
