import { constants, hash, verify } from 'node:crypto'
import { ok, type Result } from '../../model/result.ts'
import type { SamlSettings } from '../../model/saml-settings.ts'
import { parseStrictXml, type XmlElement, type XmlLimits } from '../../model/strict-xml.ts'
import { strictBase64 } from './base64.ts'
import { canonicalForm } from './canonical.ts'
import { attributeOf, elementsOf, everyElement, isSame, onlyChild, textOf } from './element.ts'
import { verifiedXml } from './library.ts'
import { ENCRYPTION, SIGNATURE, SIGNATURE_METHODS } from './names.ts'
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
  if (!isVouchedFor(signature, idpCerts) || !isOfDigest(element, signature))
    return refused('bad_signature', 'is not signed by the provider')
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
  const canonical = Buffer.from(canonicalForm(info))
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
  return certs.some((key) => verify(how.hash, canonical, { key, padding: how.padding, saltLength }, bytes))
}

const DIGESTS: ReadonlyMap<string, string> = new Map([
  [`${ENCRYPTION}sha256`, 'sha256'],
  [`${ENCRYPTION}sha512`, 'sha512'],
])

/**
 * Whether what was signed is what is here. The library finds out, too, and takes a hundred times as long for it: whoever has
 * one document of the provider's could keep this process busy with its signature in documents of their own.
 */
function isOfDigest(element: XmlElement, signature: XmlElement): boolean {
  const [info] = elementsOf(signature)
  const reference = info && onlyChild(info, SIGNATURE, 'Reference')
  const [transforms, method, value] = reference ? elementsOf(reference) : []
  const digest = DIGESTS.get((method && attributeOf(method, 'Algorithm')) ?? '')
  if (!transforms || !value || digest === undefined) return false
  const prefixes = [...everyElement(transforms)].flatMap((one) => attributeOf(one, 'PrefixList')?.split(/\s+/) ?? [])
  const inclusive = prefixes.filter((one) => one !== '').map((one) => (one === '#default' ? '' : one))
  const canonical = canonicalForm(element, { leftOut: signature, inclusive })
  return hash(digest, canonical, 'base64') === textOf(value)?.replace(/\s+/g, '')
}
