import { createSign, randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import type { SamlSettings } from '../../model/saml-settings.ts'
import type { OneTime, PageAnswer, PageRequest, Revoker, Route } from '../../model/sign-in.ts'
import { assertionDigest } from './digest.ts'
import { type LogoutRequest, readLogoutRequest } from './logout-request.ts'
import { ASSERTION, PROTOCOL, SUCCESS } from './names.ts'
import { sessionOf } from './principal.ts'
import { xmlElement, xmlText } from './xml-text.ts'

export interface LogoutPorts {
  readonly oneTime: OneTime
  readonly revoker: Revoker
}

/** 64 KiB in base64, with every third character escaped, and a relay state. */
const MAX_FORM_BYTES = 160 * 1024
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const SIGNED_OUT = 'You are signed out, here too.\n'

/** Where the provider says that somebody has signed out there: what was issued to them here ends, too. */
export function logoutRoutes(settings: SamlSettings, logoutUrl: string, ports: LogoutPorts): readonly Route[] {
  const path = `/auth/saml/${settings.name}/logout`
  const handle = (request: PageRequest) => answer(settings, logoutUrl, ports, request)
  return [
    { method: 'GET', path, isCrossSite: true, handle },
    { method: 'POST', path, isCrossSite: true, maxForm: MAX_FORM_BYTES, handle },
  ]
}

async function answer(
  settings: SamlSettings,
  logoutUrl: string,
  { oneTime, revoker }: LogoutPorts,
  request: PageRequest,
): Promise<PageAnswer> {
  const read = await readLogoutRequest(request, settings, logoutUrl)
  if (!read.ok) return text(400, `The logout request ${read.fault.says}.\n`)
  try {
    const digest = assertionDigest(settings.idpIssuer ?? settings.name, read.value.id)
    const work = () => revoke(settings.name, revoker, read.value)
    const isFirst = await oneTime.takeAfter(digest, read.value.untilMs, work)
    if (!isFirst) return text(400, 'The logout request was used before.\n')
  } catch {
    return text(503, 'Nobody could be signed out right now; try again.\n')
  }
  const relay = (request.method === 'GET' ? request.query : request.form).get('RelayState')
  if (settings.logoutUrl === null) return text(200, SIGNED_OUT)
  const location = response(settings, settings.logoutUrl, read.value.id, relay, request.now)
  return { ...text(303, SIGNED_OUT), headers: [...text(303, '').headers, 'location', location] }
}

async function revoke(name: string, revoker: Revoker, { nameId, sessions }: LogoutRequest): Promise<void> {
  if (sessions.length === 0) await revoker.subject(name, nameId, name)
  for (const index of sessions) await revoker.session(name, sessionOf(nameId, index), name)
}

/** Tells the provider that it is done: in the address, signed where there is a key. */
function response(settings: SamlSettings, to: string, id: string, relay: string | undefined, nowMs: number): string {
  const attributes = {
    'xmlns:samlp': PROTOCOL,
    ID: `_${randomBytes(20).toString('hex')}`,
    Version: '2.0',
    IssueInstant: new Date(nowMs).toISOString(),
    Destination: to,
    InResponseTo: id,
  }
  const status = xmlElement('samlp:Status', {}, [xmlElement('samlp:StatusCode', { Value: SUCCESS })])
  const issuer = xmlElement('saml:Issuer', { 'xmlns:saml': ASSERTION }, [xmlText(settings.issuer)])
  const xml = xmlElement('samlp:LogoutResponse', attributes, [issuer, status])
  const parts = [`SAMLResponse=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}`]
  if (relay !== undefined) parts.push(`RelayState=${encodeURIComponent(relay)}`)
  if (settings.signing !== null) {
    parts.push(`SigAlg=${encodeURIComponent(RSA_SHA256)}`)
    const signature = createSign('RSA-SHA256').update(parts.join('&')).sign(settings.signing.key.reveal(), 'base64')
    parts.push(`Signature=${encodeURIComponent(signature)}`)
  }
  return `${to}${to.includes('?') ? '&' : '?'}${parts.join('&')}`
}

function text(status: number, body: string): PageAnswer {
  return { status, headers: ['content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store'], body }
}
