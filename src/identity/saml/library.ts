import { SAML } from '@node-saml/node-saml'
// INVARIANT: the version is pinned exactly; this is the step of its verification that gives out the bytes that were signed.
import { getVerifiedXml, parseDomFromString, xpath } from '@node-saml/node-saml/lib/xml.js'
import type { SamlSettings } from '../../model/saml-settings.ts'
import type { Departure } from '../../model/sign-in.ts'

/** Which element has to be signed: that of the document, or the assertion in a response. */
const SIGNED = {
  root: '/*',
  assertion: "/*[local-name()='Response']/*[local-name()='Assertion']",
} as const

/**
 * The canonical bytes that the signature in an element signs, as one of the certificates vouches for them; null where none
 * does. They are all that may be believed of the document.
 *
 * Does not check: algorithms, transforms, and where else signatures stand; that is `signatureFault`'s part. Never rejects.
 */
export async function verifiedXml(
  xml: string,
  which: keyof typeof SIGNED,
  certs: readonly string[],
): Promise<string | null> {
  try {
    const lines = xml.replace(/\r\n?/g, '\n')
    const document = await parseDomFromString(lines)
    const found = xpath.selectElements(document, SIGNED[which])
    const [element] = found
    if (element === undefined || found.length > 1) return null
    return getVerifiedXml(lines, element, [...certs])
  } catch {
    return null
  }
}

export interface AuthnRequest {
  readonly id: string
  readonly relay: string
  readonly arrivalUrl: string
  readonly acrValues: readonly string[]
  readonly isForced: boolean
}

/** Where a browser takes a request for a sign-in, signed where there is a key for it. */
export async function departure(settings: SamlSettings, request: AuthnRequest): Promise<Departure> {
  const { signing, nameIdFormat, binding, entryPoint } = settings
  const saml = new SAML({
    callbackUrl: request.arrivalUrl,
    entryPoint,
    issuer: settings.issuer,
    idpCert: [...settings.idpCerts],
    identifierFormat: nameIdFormat,
    authnContext: [...request.acrValues],
    disableRequestedAuthnContext: request.acrValues.length === 0,
    forceAuthn: request.isForced,
    generateUniqueId: () => request.id,
    authnRequestBinding: binding === 'post' ? 'HTTP-POST' : 'HTTP-Redirect',
    skipRequestCompression: binding === 'post',
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    ...(signing === null ? {} : { privateKey: signing.key.reveal() }),
  })
  if (binding === 'redirect') {
    return { by: 'redirect', location: await saml.getAuthorizeUrlAsync(request.relay, undefined, {}) }
  }
  const fields = await saml.getAuthorizeMessageAsync(request.relay)
  const texts = Object.entries(fields).filter((field): field is [string, string] => typeof field[1] === 'string')
  return { by: 'form', action: entryPoint, fields: Object.fromEntries(texts) }
}
