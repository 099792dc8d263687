import { createVerify } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { ok, type Result } from '../../model/result.ts'
import type { SamlSettings } from '../../model/saml-settings.ts'
import type { PageRequest } from '../../model/sign-in.ts'
import { parseStrictXml, type XmlElement, type XmlLimits } from '../../model/strict-xml.ts'
import { strictBase64 } from './base64.ts'
import { attributeOf, childrenOf, hasRepeatedId, isNamed, onlyChild, textOf } from './element.ts'
import { instantMs } from './instant.ts'
import { ASSERTION, PROTOCOL, SIGNATURE, SIGNATURE_METHODS } from './names.ts'
import { type Refusal, refused } from './refusal.ts'
import { isAlone, isIssuer } from './response.ts'
import { signedElement } from './signed-element.ts'

/** Whose sessions are over, as the provider signed it. */
export interface LogoutRequest {
  readonly id: string
  readonly nameId: string
  /** None: all of the person. */
  readonly sessions: readonly string[]
  /** Epoch milliseconds from which on nobody takes it any more. */
  readonly untilMs: number
}

/** It names one person and their sessions; anybody may send one, without a cookie or anything else of ours. */
const LOGOUT_LIMITS: XmlLimits = { bytes: 64 * 1024, depth: 16, elements: 500, attributes: 24 }
/** A request is sent at once: one that is older was kept. Milliseconds. */
const LIFE_MS = 5 * 60_000

/**
 * Reads a logout request that the provider signed: the address that it came in, or the document. Unsigned ones are
 * refused: anybody could end anybody's session. Source: SAML core section 3.7.1, bindings section 3.4.4.1.
 */
export async function readLogoutRequest(
  request: PageRequest,
  settings: SamlSettings,
  logoutUrl: string,
): Promise<Result<LogoutRequest, Refusal>> {
  const root = request.method === 'GET' ? byRedirect(request.query, settings) : await byPost(request.form, settings)
  if (!root.ok) return root
  return contentOf(root.value, settings, logoutUrl, request.now)
}

function byRedirect(query: ReadonlyMap<string, string>, settings: SamlSettings): Result<XmlElement, Refusal> {
  const encoded = query.get('SAMLRequest') ?? ''
  const method = SIGNATURE_METHODS.get(query.get('SigAlg') ?? '')
  if (!query.has('Signature') || !query.has('SigAlg')) return refused('bad_signature', 'is not signed')
  if (method === undefined || method === 'rsa-pss-sha256' || !settings.algorithms.includes(method))
    return refused('alg_not_allowed', 'is signed in a way that is not taken here')
  const signature = strictBase64(query.get('Signature') ?? '')
  const hash = method === 'rsa-sha512' ? 'RSA-SHA512' : 'RSA-SHA256'
  const isHeld =
    signature !== null &&
    signedTexts(query).some((text) =>
      settings.idpCerts.some((cert) => createVerify(hash).update(text).verify(cert, signature)),
    )
  if (!isHeld) return refused('bad_signature', 'is not signed by the provider')
  const bytes = inflated(encoded)
  const root = bytes === null ? null : parseStrictXml(bytes, LOGOUT_LIMITS)
  return root?.ok ? root : refused('malformed', root === null ? 'cannot be read' : root.fault)
}

/** The same values, escaped in the ways that there are: what was signed is the address as its sender wrote it. */
function signedTexts(query: ReadonlyMap<string, string>): string[] {
  const upper = (text: string) => encodeURIComponent(text)
  const lower = (text: string) => upper(text).replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase())
  const form = (text: string) => new URLSearchParams([['', text]]).toString().slice(1)
  const formLower = (text: string) => form(text).replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase())
  return [upper, lower, form, formLower].map((written) =>
    ['SAMLRequest', 'RelayState', 'SigAlg']
      .filter((name) => query.has(name))
      .map((name) => `${name}=${written(query.get(name) ?? '')}`)
      .join('&'),
  )
}

/** Null for what is no deflated document, or for more than a message may have. */
function inflated(encoded: string): Buffer | null {
  const bytes = strictBase64(encoded)
  try {
    return bytes === null ? null : inflateRawSync(bytes, { maxOutputLength: LOGOUT_LIMITS.bytes })
  } catch {
    return null
  }
}

async function byPost(form: ReadonlyMap<string, string>, settings: SamlSettings): Promise<Result<XmlElement, Refusal>> {
  const bytes = strictBase64(form.get('SAMLRequest') ?? '')
  const root = bytes === null ? null : parseStrictXml(bytes, LOGOUT_LIMITS)
  if (bytes === null || root === null) return refused('malformed', 'cannot be read')
  if (!root.ok) return refused('malformed', root.fault)
  if (
    onlyChild(root.value, SIGNATURE, 'Signature') === null ||
    !isAlone(root.value, null, 1) ||
    hasRepeatedId(root.value)
  )
    return refused('bad_signature', 'is not signed once')
  return signedElement(bytes.toString('utf8'), root.value, 'root', settings)
}

function contentOf(
  root: XmlElement,
  { idpIssuer, clockSkewMs }: SamlSettings,
  logoutUrl: string,
  nowMs: number,
): Result<LogoutRequest, Refusal> {
  const [id, version] = [attributeOf(root, 'ID'), attributeOf(root, 'Version')]
  if (!isNamed(root, PROTOCOL, 'LogoutRequest') || version !== '2.0' || !id || !/^[A-Za-z_][\w.-]{0,255}$/.test(id))
    return refused('wrong_type', 'is no logout request of SAML 2.0')
  const issuer = onlyChild(root, ASSERTION, 'Issuer')
  if (issuer === null || !isIssuer(issuer, idpIssuer)) return refused('wrong_iss', 'is of another provider')
  if (attributeOf(root, 'Destination') !== logoutUrl) return refused('wrong_recipient', 'was meant for another address')
  const issued = instantMs(attributeOf(root, 'IssueInstant'))
  const written = attributeOf(root, 'NotOnOrAfter')
  const until = written === undefined ? Number.POSITIVE_INFINITY : instantMs(written)
  if (issued === null || until === null) return refused('malformed', 'has a time that is none')
  if (issued > nowMs + clockSkewMs) return refused('not_yet_valid', 'is not valid yet')
  const untilMs = Math.min(until, issued + LIFE_MS) + clockSkewMs
  if (nowMs >= untilMs) return refused('expired', 'has expired')
  const nameId = onlyChild(root, ASSERTION, 'NameID')
  const value = nameId === null ? null : textOf(nameId)
  const sessions = childrenOf(root, PROTOCOL, 'SessionIndex').map(textOf)
  if (value === null || value === '' || !sessions.every((one) => one !== null))
    return refused('claim_missing', 'does not name one person (NameID)')
  return ok({ id, nameId: value, sessions, untilMs })
}
