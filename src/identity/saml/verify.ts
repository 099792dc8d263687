import { isUtf8 } from 'node:buffer'
import { ok, type Result } from '../../model/result.ts'
import type { SamlSettings } from '../../model/saml-settings.ts'
import { parseStrictXml, type XmlElement } from '../../model/strict-xml.ts'
import { type AssertionRules, readAssertion, type Vouched } from './assertion.ts'
import { strictBase64 } from './base64.ts'
import { decrypted } from './decrypt.ts'
import { hasRepeatedId, isNamed } from './element.ts'
import { ASSERTION } from './names.ts'
import { type Refusal, refused } from './refusal.ts'
import { isAlone, type ResponseParts, readResponse } from './response.ts'
import { MESSAGE_LIMITS, signedElement } from './signed-element.ts'

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
  // A response need not be signed. One that is has to be signed well.
  const whole = parts.value.signature === null ? null : await signedElement(xml, root.value, 'root', trust)
  if (whole?.ok === false) return whole
  const inner = parts.value.isEncrypted ? opened(parts.value, trust) : null
  if (inner?.ok === false) return inner
  const signed =
    inner === null
      ? await signedElement(xml, parts.value.assertion, 'assertion', trust)
      : await signedElement(inner.value.xml, inner.value.assertion, 'root', trust)
  return signed.ok ? readAssertion(signed.value, rules) : signed
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
