import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignedXml } from 'xml-crypto'
import type { Pair } from './certificates.ts'

/** A SAML identity provider of tests: what it signs, it signs really. */

export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
export const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
export const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

/** A new RSA key with a certificate that it signed itself. Negative `days`: it is over. */
export function rsaPair(subject = '/CN=idp.example', days = 30, bits = 2048): Pair {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-saml-'))
  try {
    const openssl = (...command: readonly string[]) => execFileSync('openssl', command, { cwd: folder, stdio: 'pipe' })
    openssl('req', '-newkey', `rsa:${bits}`, '-nodes', '-keyout', 'key.pem', '-out', 'request.pem', '-subj', subject)
    const own = ['-signkey', 'key.pem', '-days', String(days)]
    openssl('x509', '-req', '-in', 'request.pem', ...own, '-out', 'cert.pem')
    return {
      cert: readFileSync(join(folder, 'cert.pem'), 'utf8'),
      key: readFileSync(join(folder, 'key.pem'), 'utf8'),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface AssertionParts {
  readonly id: string
  readonly issuer: string
  readonly nameId: string
  readonly nameIdFormat: string
  readonly recipient: string
  readonly inResponseTo: string | null
  readonly audience: string | null
  /** Epoch milliseconds. */
  readonly now: number
  readonly notBefore: number
  readonly notOnOrAfter: number
  readonly confirmedUntil: number
  readonly signedIn: number
  readonly sessionUntil: number | null
  readonly classRef: string | null
  readonly attributes: { readonly [name: string]: readonly string[] }
  /** XML that is put where it says. */
  readonly extraConditions: string
  readonly extraAttributes: string
  readonly extraSubject: string
}

const instant = (ms: number) => new Date(ms).toISOString()
export const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
const optional = (name: string, value: string | null) => (value === null ? '' : ` ${name}="${escaped(value)}"`)

/** An assertion without a signature. It binds every prefix that it uses. */
export function assertionXml(parts: AssertionParts): string {
  const attributes = Object.entries(parts.attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${escaped(name)}">${values.map((value) => `<saml:AttributeValue>${escaped(value)}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
  )
  const session = optional('SessionNotOnOrAfter', parts.sessionUntil === null ? null : instant(parts.sessionUntil))
  const audience =
    parts.audience === null
      ? ''
      : `<saml:AudienceRestriction><saml:Audience>${escaped(parts.audience)}</saml:Audience></saml:AudienceRestriction>`
  const context =
    parts.classRef === null ? '' : `<saml:AuthnContextClassRef>${escaped(parts.classRef)}</saml:AuthnContextClassRef>`
  return [
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${parts.id}" Version="2.0" IssueInstant="${instant(parts.now)}">`,
    `<saml:Issuer>${escaped(parts.issuer)}</saml:Issuer>`,
    `<saml:Subject><saml:NameID Format="${parts.nameIdFormat}">${escaped(parts.nameId)}</saml:NameID>`,
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">',
    `<saml:SubjectConfirmationData${optional('InResponseTo', parts.inResponseTo)} Recipient="${escaped(parts.recipient)}" NotOnOrAfter="${instant(parts.confirmedUntil)}"/>`,
    `</saml:SubjectConfirmation>${parts.extraSubject}</saml:Subject>`,
    `<saml:Conditions NotBefore="${instant(parts.notBefore)}" NotOnOrAfter="${instant(parts.notOnOrAfter)}">${audience}${parts.extraConditions}</saml:Conditions>`,
    `<saml:AuthnStatement AuthnInstant="${instant(parts.signedIn)}" SessionIndex="session-1"${session}><saml:AuthnContext>${context}</saml:AuthnContext></saml:AuthnStatement>`,
    `<saml:AttributeStatement>${attributes.join('')}${parts.extraAttributes}</saml:AttributeStatement>`,
    '</saml:Assertion>',
  ].join('')
}

export interface ResponseHead {
  readonly id: string
  readonly issuer: string | null
  readonly destination: string | null
  readonly inResponseTo: string | null
  readonly status: string
  readonly now: number
}

/** A response with what stands in it. */
export function responseXml(head: ResponseHead, inside: string): string {
  const issuer =
    head.issuer === null
      ? ''
      : `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${escaped(head.issuer)}</saml:Issuer>`
  return [
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${head.id}" Version="2.0" IssueInstant="${instant(head.now)}"${optional('Destination', head.destination)}${optional('InResponseTo', head.inResponseTo)}>`,
    issuer,
    `<samlp:Status><samlp:StatusCode Value="${head.status}"/></samlp:Status>`,
    inside,
    '</samlp:Response>',
  ].join('')
}

export interface SigningOptions {
  readonly algorithm?: string
  readonly digest?: string
  readonly transforms?: readonly string[]
  readonly canonical?: string
  /** More elements that are signed, by their ids. */
  readonly also?: readonly string[]
  /** The certificate in `KeyInfo`, where it is not that of the key. */
  readonly shown?: string
}

/** Signs the element with this id, and puts the signature behind its issuer. */
export function signed(xml: string, id: string, pair: Pair, options: SigningOptions = {}): string {
  const signer = new SignedXml({
    privateKey: pair.key,
    publicCert: options.shown ?? pair.cert,
    signatureAlgorithm: options.algorithm ?? RSA_SHA256,
    canonicalizationAlgorithm: options.canonical ?? EXCLUSIVE,
  })
  for (const one of [id, ...(options.also ?? [])]) {
    signer.addReference({
      xpath: `//*[@ID='${one}']`,
      transforms: [...(options.transforms ?? [ENVELOPED, EXCLUSIVE])],
      digestAlgorithm: options.digest ?? SHA256,
    })
  }
  const location = { reference: `//*[@ID='${id}']/*[local-name()='Issuer']`, action: 'after' } as const
  signer.computeSignature(xml, { location })
  return signer.getSignedXml()
}
