import { isUtf8 } from 'node:buffer'
import { ok, type Result } from '../../model/result.ts'
import type { SamlSettings } from '../../model/saml-settings.ts'
import { parseStrictXml, type XmlElement, type XmlLimits } from '../../model/strict-xml.ts'
import { type AssertionRules, readAssertion, type Vouched } from './assertion.ts'
import { strictBase64 } from './base64.ts'
import { decrypted } from './decrypt.ts'
import { childrenOf, hasRepeatedId, isNamed, isSame } from './element.ts'
import { verifiedXml } from './library.ts'
import { ASSERTION, SIGNATURE } from './names.ts'
import { type Refusal, refused } from './refusal.ts'
import { isAlone, type ResponseParts, readResponse } from './response.ts'
import { signatureFault } from './signature.ts'

/** Of a message, open or decrypted. Somebody in thousands of groups has thousands of values. */
export const MESSAGE_LIMITS: XmlLimits = { bytes: 256 * 1024, depth: 24, elements: 8000, attributes: 24 }

type Trust = Pick<SamlSettings, 'idpCerts' | 'algorithms' | 'decryption'>

/**
 * What the assertion of an answer vouches for, once the provider has signed that assertion itself. Everything is read from
 * the bytes that were signed, and they say what the document says.
 *
 * Does not check: whether it was used before. Faults: the first thing that is wrong.
 */
export async function verifiedAssertion(
  encoded: string,
  trust: Trust,
  rules: AssertionRules,
): Promise<Result<Vouched, Refusal>> {
  const bytes = strictBase64(encoded)
  if (bytes === null) return refused('malformed', 'is not the base64 of a document')
  const root = parseStrictXml(bytes, MESSAGE_LIMITS)
  if (!root.ok) return refused('malformed', root.fault)
  const parts = readResponse(root.value, rules)
  if (!parts.ok) return parts
  const xml = bytes.toString('utf8')
  const whole = await responseFault(xml, root.value, parts.value, trust)
  if (whole !== null) return { ok: false, fault: whole }
  if (!parts.value.isEncrypted) return signedAssertion(xml, parts.value.assertion, 'assertion', trust, rules)
  const inner = opened(parts.value, trust)
  if (!inner.ok) return inner
  return signedAssertion(inner.value.xml, inner.value.assertion, 'root', trust, rules)
}

/** A response need not be signed. One that is has to be signed well. */
async function responseFault(
  xml: string,
  root: XmlElement,
  { signature }: ResponseParts,
  { idpCerts, algorithms }: Trust,
): Promise<Refusal | null> {
  if (signature === null) return null
  const unfit = signatureFault(signature, root, algorithms)
  if (unfit !== null) return { reason: unfit, says: 'has a signature that is not taken here' }
  const signed = await verifiedXml(xml, 'root', idpCerts)
  const saying = signed === null ? null : parseStrictXml(Buffer.from(signed), MESSAGE_LIMITS)
  const isHeld = saying?.ok === true && isSame(root, saying.value, (child) => child === signature)
  return isHeld ? null : { reason: 'bad_signature', says: 'is not signed by the provider' }
}

/** Whatever is wrong with an encrypted assertion is answered alike: the answers must not help to read one. */
function opened(
  { assertion, signature }: ResponseParts,
  { decryption }: Trust,
): Result<{ readonly xml: string; readonly assertion: XmlElement }, Refusal> {
  if (decryption === null) return refused('alg_not_allowed', 'is encrypted, and there is no key here to open it')
  const text = decrypted(assertion, decryption.key, signature !== null)
  if (!text.ok && text.fault === 'alg_not_allowed')
    return refused('alg_not_allowed', 'is encrypted in a way that is not taken here')
  const unreadable = refused('malformed', 'is encrypted, and cannot be opened')
  if (!text.ok || !isUtf8(text.value)) return unreadable
  const root = parseStrictXml(text.value, MESSAGE_LIMITS)
  if (!root.ok || !isNamed(root.value, ASSERTION, 'Assertion')) return unreadable
  if (hasRepeatedId(root.value) || !isAlone(root.value, root.value, 0)) return unreadable
  return ok({ xml: text.value.toString('utf8'), assertion: root.value })
}

async function signedAssertion(
  xml: string,
  assertion: XmlElement,
  which: 'root' | 'assertion',
  { idpCerts, algorithms }: Trust,
  rules: AssertionRules,
): Promise<Result<Vouched, Refusal>> {
  const [signature] = childrenOf(assertion, SIGNATURE, 'Signature')
  if (signature === undefined) return refused('bad_signature', 'has no signature on its assertion')
  const unfit = signatureFault(signature, assertion, algorithms)
  if (unfit !== null) return refused(unfit, 'has a signature that is not taken here')
  const signed = await verifiedXml(xml, which, idpCerts)
  const root = signed === null ? null : parseStrictXml(Buffer.from(signed), MESSAGE_LIMITS)
  // INVARIANT: the two parsers saw one document. Where they did not, no value of it means anything.
  if (root?.ok !== true || !isSame(assertion, root.value, (child) => child === signature))
    return refused('bad_signature', 'is not signed by the provider')
  return readAssertion(root.value, rules)
}
