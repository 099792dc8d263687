import { ok, type Result } from '../../model/result.ts'
import type { XmlElement } from '../../model/strict-xml.ts'
import {
  attributeOf,
  childrenOf,
  elementsOf,
  everyElement,
  hasRepeatedId,
  isNamed,
  isWithoutText,
  onlyChild,
  textOf,
} from './element.ts'
import { ASSERTION, ENTITY, PROTOCOL, SIGNATURE, SUCCESS } from './names.ts'
import { type Refusal, refused } from './refusal.ts'

/** What an answer has to fit to be the one that was asked for. */
export interface Expected {
  readonly arrivalUrl: string
  readonly requestId: string
  readonly idpIssuer: string | null
}

/** The parts of an answer: one assertion, open or encrypted, and its own signature where it has one. */
export interface ResponseParts {
  readonly signature: XmlElement | null
  readonly assertion: XmlElement
  readonly isEncrypted: boolean
}

const PARTS: readonly (readonly [string, string])[] = [
  [ASSERTION, 'Issuer'],
  [SIGNATURE, 'Signature'],
  [PROTOCOL, 'Status'],
  [ASSERTION, 'Assertion'],
  [ASSERTION, 'EncryptedAssertion'],
]

/**
 * Takes apart an answer of the provider's. Whatever is found here and not signed can only make it be refused.
 * Source: SAML core section 3.3.3, profiles section 4.1.4.2, bindings section 3.5.5.2.
 */
export function readResponse(root: XmlElement, expected: Expected): Result<ResponseParts, Refusal> {
  if (!isNamed(root, PROTOCOL, 'Response')) return refused('wrong_type', 'is no SAML response')
  if (attributeOf(root, 'Version') !== '2.0') return refused('malformed', 'is not of SAML 2.0')
  if (hasRepeatedId(root)) return refused('malformed', 'uses an id twice')
  const isPlain = elementsOf(root).every(({ uri, local }) =>
    PARTS.some(([space, name]) => uri === space && local === name),
  )
  const isRepeated = PARTS.some(([uri, local]) => childrenOf(root, uri, local).length > 1)
  if (!isPlain || isRepeated || !isWithoutText(root)) return refused('malformed', 'has parts that are not expected')
  const unfit = envelopeFault(root, expected)
  if (unfit !== null) return { ok: false, fault: unfit }
  const open = onlyChild(root, ASSERTION, 'Assertion')
  const encrypted = onlyChild(root, ASSERTION, 'EncryptedAssertion')
  const assertion = open ?? encrypted
  if (assertion === null || (open !== null && encrypted !== null))
    return refused('malformed', 'must have exactly one assertion')
  const signature = onlyChild(root, SIGNATURE, 'Signature')
  const signatures = signature === null ? 0 : 1
  if (!isAlone(root, open, signatures))
    return refused('malformed', 'has an assertion or a signature where none belongs')
  return ok({ signature, assertion, isEncrypted: open === null })
}

/**
 * True where no other assertion stands in `root` than `assertion`, in whichever namespace, and no other signature than
 * `others` of them and that of the assertion itself.
 */
export function isAlone(root: XmlElement, assertion: XmlElement | null, others: number): boolean {
  const own = assertion === null ? 0 : childrenOf(assertion, SIGNATURE, 'Signature').length
  let signatures = 0
  for (const element of everyElement(root)) {
    if (element.local === 'Assertion' && element !== assertion) return false
    if (element.local === 'Response' && element !== root) return false
    if (element.local === 'Signature') signatures++
  }
  return own <= 1 && signatures === others + own
}

function envelopeFault(root: XmlElement, { arrivalUrl, requestId, idpIssuer }: Expected): Refusal | null {
  const status = statusFault(root)
  if (status !== null) return status
  const answers = attributeOf(root, 'InResponseTo')
  if (answers !== requestId) return { reason: 'unsolicited', says: 'belongs to no sign-in that this browser has begun' }
  if (attributeOf(root, 'Destination') !== arrivalUrl)
    return { reason: 'wrong_recipient', says: 'was meant for another address' }
  const issuer = onlyChild(root, ASSERTION, 'Issuer')
  return issuer === null || isIssuer(issuer, idpIssuer) ? null : { reason: 'wrong_iss', says: 'is of another provider' }
}

/** `expected` null: any name, since who has signed is told by the certificate. */
export function isIssuer(issuer: XmlElement, expected: string | null): boolean {
  const format = attributeOf(issuer, 'Format')
  const isExpected = expected === null ? (textOf(issuer) ?? '') !== '' : textOf(issuer) === expected
  return isExpected && (format === undefined || format === ENTITY)
}

function statusFault(root: XmlElement): Refusal | null {
  const status = onlyChild(root, PROTOCOL, 'Status')
  const code = status === null ? null : onlyChild(status, PROTOCOL, 'StatusCode')
  const value = code === null ? undefined : attributeOf(code, 'Value')
  if (code === null || value === undefined) return { reason: 'malformed', says: 'has no status' }
  if (value === SUCCESS) return null
  const more = onlyChild(code, PROTOCOL, 'StatusCode')
  const words = [value, more === null ? undefined : attributeOf(more, 'Value')].flatMap((one) => lastWord(one) ?? [])
  return { reason: 'sign_in_refused', says: `says that the sign-in did not succeed (${words.join(', ')})` }
}

/** `NoAuthnContext` of `urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext`, and nothing that could say something else. */
function lastWord(uri: string | undefined): string | null {
  return /^urn:oasis:names:tc:SAML:2\.0:status:([A-Za-z]{1,64})$/.exec(uri ?? '')?.[1] ?? null
}
