import { constants, verify } from 'node:crypto'
import { ok, type Result } from '../../model/result.ts'
import type { SamlSettings } from '../../model/saml-settings.ts'
import { parseStrictXml, type XmlElement, type XmlLimits } from '../../model/strict-xml.ts'
import { strictBase64 } from './base64.ts'
import { attributeOf, elementsOf, isSame, onlyChild, textOf } from './element.ts'
import { verifiedXml } from './library.ts'
import { SIGNATURE, SIGNATURE_METHODS } from './names.ts'
import { type Refusal, refused } from './refusal.ts'
import { signatureFault } from './signature.ts'

/** Of a message, open or decrypted: somebody may be in a thousand groups, and checking a signature takes its time. */
export const MESSAGE_LIMITS: XmlLimits = { bytes: 256 * 1024, depth: 24, elements: 2500, attributes: 24 }
/** The canonical form of a message is longer than the message, and no larger in any other way. */
const CANONICAL_LIMITS: XmlLimits = { ...MESSAGE_LIMITS, bytes: 4 * 1024 * 1024 }

type Trust = Pick<SamlSettings, 'idpCerts' | 'algorithms'>

/**
 * An element of a document as the bytes say that its signature signs, where one of the certificates vouches for it. It says
 * what the document says. Whether anything of the provider's is there at all is seen first: a stranger's document costs
 * little.
 */
export async function signedElement(
  xml: string,
  element: XmlElement,
  which: 'root' | 'assertion',
  { idpCerts, algorithms }: Trust,
): Promise<Result<XmlElement, Refusal>> {
  const signature = onlyChild(element, SIGNATURE, 'Signature')
  if (signature === null) return refused('bad_signature', 'is not signed')
  const unfit = signatureFault(signature, element, algorithms)
  if (unfit !== null) return refused(unfit, 'has a signature that is not taken here')
  if (!isVouchedFor(signature, idpCerts)) return refused('bad_signature', 'is not signed by the provider')
  const signed = await verifiedXml(xml, which, idpCerts)
  const root = signed === null ? null : parseStrictXml(Buffer.from(signed), CANONICAL_LIMITS)
  // INVARIANT: the two parsers saw one document. Where they did not, no value of it means anything.
  if (root?.ok !== true || !isSame(element, root.value, (child) => child === signature))
    return refused('bad_signature', 'is not signed by the provider')
  return ok(root.value)
}

const VERIFIED: ReadonlyMap<string, { readonly hash: string; readonly padding: number }> = new Map([
  ['rsa-sha256', { hash: 'sha256', padding: constants.RSA_PKCS1_PADDING }],
  ['rsa-sha512', { hash: 'sha512', padding: constants.RSA_PKCS1_PADDING }],
  ['rsa-pss-sha256', { hash: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING }],
])

/** Whether one of the keys signed the `SignedInfo` of a signature whose form is sound. It says nothing of what that is of. */
function isVouchedFor(signature: XmlElement, certs: readonly string[]): boolean {
  const [info, value] = elementsOf(signature)
  const method = info && onlyChild(info, SIGNATURE, 'SignatureMethod')
  const how = VERIFIED.get(SIGNATURE_METHODS.get((method && attributeOf(method, 'Algorithm')) ?? '') ?? '')
  const bytes = value && strictBase64(textOf(value) ?? '')
  if (!info || !how || !bytes) return false
  const canonical = Buffer.from(canonicalInfo(info, new Map()))
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  return certs.some((key) => verify(how.hash, canonical, { key, padding: how.padding, saltLength }, bytes))
}

/**
 * The exclusive canonical form of a `SignedInfo`, none of whose elements has more than one attribute, or one with a prefix.
 * Source: Exclusive XML Canonicalization section 3.
 */
function canonicalInfo(element: XmlElement, outer: ReadonlyMap<string, string>): string {
  const { prefix, uri, local, attributes, nodes } = element
  const name = prefix === '' ? local : `${prefix}:${local}`
  const isKnown = (outer.get(prefix) ?? '') === uri
  const binding = isKnown ? '' : ` xmlns${prefix === '' ? '' : `:${prefix}`}="${escaped(uri)}"`
  const written = attributes.map((one) => ` ${one.local}="${escaped(one.value)}"`).join('')
  const scope = isKnown ? outer : new Map([...outer, [prefix, uri]])
  const inside = nodes.map((node) => (typeof node === 'string' ? plain(node) : canonicalInfo(node, scope)))
  return `<${name}${binding}${written}>${inside.join('')}</${name}>`
}

function plain(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\r/g, '&#xD;')
}

function escaped(value: string): string {
  const text = value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
  return text.replace(/[\t\n\r]/g, (one) => `&#x${one.codePointAt(0)?.toString(16).toUpperCase()};`)
}
