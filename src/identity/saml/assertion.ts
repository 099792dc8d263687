import { ok, type Result } from '../../model/result.ts'
import type { XmlElement } from '../../model/strict-xml.ts'
import { attributeOf, childrenOf, elementsOf, isNamed, isWithoutText, onlyChild, textOf } from './element.ts'
import { instantMs } from './instant.ts'
import { ASSERTION, BEARER } from './names.ts'
import { type Refusal, refused } from './refusal.ts'
import { type Expected, isIssuer } from './response.ts'

/** What an assertion says, once it is one for us and of now. */
export interface Vouched {
  readonly id: string
  /** Epoch milliseconds after which nobody takes it any more, clock skew included. */
  readonly untilMs: number
  readonly nameId: { readonly value: string; readonly format: string | null }
  /** By name; `null` where a value is more than text. Attributes of one name are one with all of their values. */
  readonly attributes: ReadonlyMap<string, readonly string[] | null>
  readonly classRef: string | null
  /** Epoch milliseconds. */
  readonly signedInMs: number
  readonly sessionUntilMs: number | null
  readonly sessionIndex: string | null
}

export interface AssertionRules extends Expected {
  /** Our own entity id. */
  readonly audience: string
  readonly skewMs: number
  readonly nowMs: number
}

/**
 * Reads an assertion from the bytes that were signed. Each part that decides something stands in it exactly once, so that
 * the order of the document decides nothing.
 *
 * Does not check: the signature, and whether it was used before. Source: SAML core section 2, profiles section 4.1.4.
 */
export function readAssertion(root: XmlElement, rules: AssertionRules): Result<Vouched, Refusal> {
  const id = attributeOf(root, 'ID')
  const issuer = onlyChild(root, ASSERTION, 'Issuer')
  if (!isNamed(root, ASSERTION, 'Assertion') || attributeOf(root, 'Version') !== '2.0' || id === undefined || id === '')
    return refused('malformed', 'has no assertion of SAML 2.0')
  if (issuer === null || !isIssuer(issuer, rules.idpIssuer)) return refused('wrong_iss', 'is of another provider')
  const known = ['Issuer', 'Subject', 'Conditions', 'Advice', 'AuthnStatement', 'AttributeStatement']
  if (!elementsOf(root).every(({ uri, local }) => uri === ASSERTION && known.includes(local)) || !isWithoutText(root))
    return refused('malformed', 'has parts that are not expected')
  const subject = readSubject(root, rules)
  if (!subject.ok) return subject
  const conditions = conditionsFault(root, rules)
  if (conditions !== null) return { ok: false, fault: conditions }
  const statement = readStatement(root, rules)
  if (!statement.ok) return statement
  const attributes = readAttributes(root)
  if (attributes === null) return refused('malformed', 'has attributes that cannot be read')
  return ok({ id, ...subject.value, ...statement.value, attributes })
}

function readSubject(root: XmlElement, rules: AssertionRules): Result<Pick<Vouched, 'nameId' | 'untilMs'>, Refusal> {
  const subject = onlyChild(root, ASSERTION, 'Subject')
  const nameId = subject === null ? null : onlyChild(subject, ASSERTION, 'NameID')
  const value = nameId === null ? null : textOf(nameId)
  if (subject === null || nameId === null || value === null || childrenOf(subject, ASSERTION, 'EncryptedID').length > 0)
    return refused('claim_missing', 'does not name one person (NameID)')
  const confirmation = onlyChild(subject, ASSERTION, 'SubjectConfirmation')
  const confirmed = confirmation === null ? null : onlyChild(confirmation, ASSERTION, 'SubjectConfirmationData')
  if (confirmation === null || confirmed === null || attributeOf(confirmation, 'Method') !== BEARER)
    return refused('malformed', 'must have exactly one confirmation of its subject, that of a bearer')
  if (attributeOf(confirmed, 'Recipient') !== rules.arrivalUrl)
    return refused('wrong_recipient', 'was meant for another address')
  if (attributeOf(confirmed, 'InResponseTo') !== rules.requestId)
    return refused('unsolicited', 'belongs to no sign-in that this browser has begun')
  const until = instantMs(attributeOf(confirmed, 'NotOnOrAfter'))
  if (until === null) return refused('claim_missing', 'does not say how long it holds')
  const late = timeFault(confirmed, rules)
  if (late !== null) return { ok: false, fault: late }
  return ok({ nameId: { value, format: attributeOf(nameId, 'Format') ?? null }, untilMs: until + rules.skewMs })
}

/** Of an element with `NotBefore` and `NotOnOrAfter`. */
function timeFault(element: XmlElement, { nowMs, skewMs }: AssertionRules): Refusal | null {
  const written = [attributeOf(element, 'NotBefore'), attributeOf(element, 'NotOnOrAfter')] as const
  const [from, until] = [instantMs(written[0]), instantMs(written[1])]
  if ((written[0] !== undefined && from === null) || (written[1] !== undefined && until === null))
    return { reason: 'malformed', says: 'has a time that is none' }
  if (from !== null && nowMs + skewMs < from) return { reason: 'not_yet_valid', says: 'is not valid yet' }
  return until !== null && nowMs - skewMs >= until ? { reason: 'expired', says: 'has expired' } : null
}

function conditionsFault(root: XmlElement, rules: AssertionRules): Refusal | null {
  const conditions = onlyChild(root, ASSERTION, 'Conditions')
  const all = conditions === null ? [] : elementsOf(conditions)
  const known = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']
  const audiences = all.filter((one) => isNamed(one, ASSERTION, 'AudienceRestriction'))
  if (conditions === null || audiences.length === 0) return { reason: 'wrong_aud', says: 'does not say whom it is for' }
  // SAML core section 2.5.1.1: a condition that is not understood leaves it undecided whether the assertion holds.
  if (!all.every(({ uri, local }) => uri === ASSERTION && known.includes(local)))
    return { reason: 'malformed', says: 'has a condition that is not known' }
  const isOurs = audiences.every((one) =>
    childrenOf(one, ASSERTION, 'Audience').some((audience) => textOf(audience) === rules.audience),
  )
  return isOurs ? timeFault(conditions, rules) : { reason: 'wrong_aud', says: 'is for somebody else' }
}

type Statement = Pick<Vouched, 'classRef' | 'signedInMs' | 'sessionUntilMs' | 'sessionIndex'>

function readStatement(root: XmlElement, { nowMs, skewMs }: AssertionRules): Result<Statement, Refusal> {
  const statement = onlyChild(root, ASSERTION, 'AuthnStatement')
  const signedInMs = statement === null ? null : instantMs(attributeOf(statement, 'AuthnInstant'))
  if (statement === null || signedInMs === null)
    return refused('claim_missing', 'does not say when the person signed in (one AuthnStatement)')
  if (signedInMs > nowMs + skewMs) return refused('not_yet_valid', 'is of a sign-in that is still to come')
  const until = attributeOf(statement, 'SessionNotOnOrAfter')
  const sessionUntilMs = instantMs(until)
  if (until !== undefined && sessionUntilMs === null) return refused('malformed', 'has a time that is none')
  if (sessionUntilMs !== null && nowMs >= sessionUntilMs) return refused('expired', 'is of a session that is over')
  const context = onlyChild(statement, ASSERTION, 'AuthnContext')
  const found = context === null ? [] : childrenOf(context, ASSERTION, 'AuthnContextClassRef')
  const [reference] = found
  if (found.length > 1) return refused('malformed', 'has two classes of one sign-in')
  const classRef = reference === undefined ? null : textOf(reference)
  return ok({ classRef, signedInMs, sessionUntilMs, sessionIndex: attributeOf(statement, 'SessionIndex') ?? null })
}

function readAttributes(root: XmlElement): ReadonlyMap<string, readonly string[] | null> | null {
  const attributes = new Map<string, readonly string[] | null>()
  for (const attribute of childrenOf(root, ASSERTION, 'AttributeStatement').flatMap(elementsOf)) {
    const name = attributeOf(attribute, 'Name')
    if (isNamed(attribute, ASSERTION, 'EncryptedAttribute')) continue
    if (!isNamed(attribute, ASSERTION, 'Attribute') || name === undefined || name === '') return null
    const texts = childrenOf(attribute, ASSERTION, 'AttributeValue').map(textOf)
    const values = texts.every((text) => text !== null) ? texts : null
    const earlier = attributes.get(name)
    // Some providers write each value of a list as an attribute of its own.
    if (earlier === undefined) attributes.set(name, values)
    else attributes.set(name, earlier === null || values === null ? null : [...earlier, ...values])
  }
  return attributes
}
