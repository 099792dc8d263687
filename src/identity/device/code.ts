import { failed, ok, type Result } from '../../model/result.ts'
import type { PageAnswer } from '../../model/sign-in.ts'
import type { Visit } from '../sign-in/parts.ts'
import { siteOf } from '../throttle.ts'
import { jsonAnswer, oauthError, tooMany, unavailable } from './answer.ts'
import { noteFailed } from './issuing.ts'
import { INTERVAL_SECONDS, LIFE_SECONDS, type OwnCodes } from './own-codes.ts'
import type { DevicePorts } from './ports.ts'
import type { ProviderCodes } from './provider-codes.ts'
import type { Quota } from './quota.ts'
import { shownUserCode } from './user-code.ts'
import type { DeviceWish } from './wish-text.ts'

const MAX_ACR_VALUES = 16
/** Visible ASCII without what ends a quoted string: what a challenge can name. */
const ACR = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/
const SECONDS = /^(?:0|[1-9][0-9]{0,8})$/

export interface CodePorts {
  readonly ports: DevicePorts
  readonly own: OwnCodes
  readonly provided: ProviderCodes
  readonly quota: Quota
}

/** `POST /auth/device/code`: a terminal asks for a sign-in (RFC 8628 section 3.1). */
export async function deviceCode({ ports, own, provided, quota }: CodePorts, request: Visit): Promise<PageAnswer> {
  const asked = readAsked(request.form, ports)
  if (!asked.ok) return oauthError('invalid_request', asked.fault)
  const waitSeconds = quota.waitSeconds(siteOf(request.client), request.now)
  if (waitSeconds > 0) return tooMany(waitSeconds)
  const wish = asked.value
  // Where there is one way to sign in, it need not be named.
  const provider = wish.provider ?? (ports.choices.length === 1 ? (ports.choices[0]?.name ?? null) : null)
  if (provider === null || !provided.has(provider)) return ownCode(ports, own, wish, request)
  const begun = await provided.begin(provider, wish, request.now)
  if (!begun.ok) {
    const { fault } = begun
    if (fault === 'unavailable') return unavailable('no sign-in can be begun at the moment')
    // Not every provider has a device flow: then its pages are reached by ours.
    if (fault.outcome === 'rejected') return ownCode(ports, own, wish, request)
    noteFailed(ports, provider, fault, request)
    return unavailable(fault.message, fault.retryAfterSeconds)
  }
  const { verificationUri, verificationUriComplete, ...codes } = begun.value
  return codeAnswer({ ...codes, uri: verificationUri, complete: verificationUriComplete })
}

async function ownCode(
  { issuer }: DevicePorts,
  own: OwnCodes,
  wish: DeviceWish,
  { client, now }: Visit,
): Promise<PageAnswer> {
  const begun = await own.begin(wish, client, now)
  if (!begun.ok) return begun.fault === 'full' ? tooMany(60) : unavailable('no sign-in can be begun at the moment')
  const { deviceCode } = begun.value
  const userCode = shownUserCode(begun.value.userCode)
  const uri = `${issuer.url}/auth/device`
  const complete = `${uri}?user_code=${userCode}`
  return codeAnswer({ deviceCode, userCode, uri, complete, interval: INTERVAL_SECONDS, expiresIn: LIFE_SECONDS })
}

interface Codes {
  readonly deviceCode: string
  readonly userCode: string
  readonly uri: string
  readonly complete: string | null
  readonly interval: number
  readonly expiresIn: number
}

function codeAnswer({ deviceCode, userCode, uri, complete, interval, expiresIn }: Codes): PageAnswer {
  const body = { device_code: deviceCode, user_code: userCode, verification_uri: uri }
  const more = complete === null ? {} : { verification_uri_complete: complete }
  return jsonAnswer(200, { ...body, ...more, expires_in: expiresIn, interval })
}

/** The fault is for people. */
function readAsked(form: Visit['form'], { choices }: DevicePorts): Result<DeviceWish, string> {
  const provider = form.get('provider') ?? null
  if (provider !== null && !choices.some(({ name }) => name === provider)) {
    return failed('nobody of that name signs people in here: `GET /auth/providers` lists them')
  }
  const written = form.get('acr_values')
  const acrValues = written === undefined ? [] : written.split(' ')
  const isSound = acrValues.length <= MAX_ACR_VALUES && new Set(acrValues).size === acrValues.length
  if (!isSound || !acrValues.every((value) => ACR.test(value))) {
    return failed(`\`acr_values\` must be up to ${MAX_ACR_VALUES} different values with single spaces between them`)
  }
  const age = form.get('max_age')
  if (age !== undefined && !SECONDS.test(age)) return failed('`max_age` must be a number of seconds')
  return ok({ acrValues, maxAge: age === undefined ? null : Number(age), provider })
}
