import type { RejectReason } from '../../model/reasons.ts'
import type { XmlElement } from '../../model/strict-xml.ts'
import { strictBase64 } from './base64.ts'
import { attributeOf, elementsOf, isNamed, isWithoutText, textOf } from './element.ts'
import { DIGEST_METHODS, ENVELOPED, EXCLUSIVE, SIGNATURE, SIGNATURE_METHODS } from './names.ts'

/**
 * What keeps a signature from being the plain one of SAML, whose every part is known: of the element that it stands in and
 * of nothing else, enveloped, canonicalized exclusively and without comments, by an algorithm of `algorithms`. Null where
 * nothing does.
 *
 * Does not check: the signature itself. `KeyInfo` may hold what it likes: nobody reads it.
 * Source: SAML core section 5.4, XML Signature section 4.
 */
export function signatureFault(
  signature: XmlElement,
  owner: XmlElement,
  algorithms: readonly string[],
): RejectReason | null {
  const [info, value, key, ...more] = elementsOf(signature)
  if (!info || !value || more.length > 0 || !isWithoutText(signature) || signature.attributes.some(isNoId))
    return 'malformed'
  if (!isNamed(info, SIGNATURE, 'SignedInfo') || !isNamed(value, SIGNATURE, 'SignatureValue')) return 'malformed'
  if (key !== undefined && !isNamed(key, SIGNATURE, 'KeyInfo')) return 'malformed'
  if (strictBase64(textOf(value) ?? '') === null || value.attributes.length > 0) return 'malformed'
  const parts = elementsOf(info)
  const [canonical, method, reference] = parts
  if (parts.length !== 3 || !canonical || !method || !reference || !isWithoutText(info) || info.attributes.length > 0)
    return 'malformed'
  if (!isNamed(canonical, SIGNATURE, 'CanonicalizationMethod') || !isNamed(method, SIGNATURE, 'SignatureMethod'))
    return 'malformed'
  const name = SIGNATURE_METHODS.get(algorithmOf(method) ?? '')
  if (algorithmOf(canonical) !== EXCLUSIVE || name === undefined || !algorithms.includes(name)) return 'alg_not_allowed'
  return referenceFault(reference, owner)
}

function isNoId({ uri, local }: XmlElement['attributes'][number]): boolean {
  return uri !== '' || local !== 'Id'
}

/** The algorithm of an element that has nothing but that. */
function algorithmOf(element: XmlElement): string | null {
  if (element.attributes.length !== 1 || element.nodes.length > 0) return null
  return attributeOf(element, 'Algorithm') ?? null
}

function referenceFault(reference: XmlElement, owner: XmlElement): RejectReason | null {
  const id = attributeOf(owner, 'ID')
  const parts = elementsOf(reference)
  const [transforms, method, digest] = parts
  if (parts.length !== 3 || !transforms || !method || !digest || !isWithoutText(reference)) return 'malformed'
  if (!isNamed(reference, SIGNATURE, 'Reference') || !isNamed(transforms, SIGNATURE, 'Transforms')) return 'malformed'
  if (!isNamed(method, SIGNATURE, 'DigestMethod') || !isNamed(digest, SIGNATURE, 'DigestValue')) return 'malformed'
  if (reference.attributes.length !== 1 || attributeOf(reference, 'URI') !== `#${id}`) return 'bad_signature'
  if (!isPlain(transforms)) return 'alg_not_allowed'
  if (!DIGEST_METHODS.has(algorithmOf(method) ?? '')) return 'alg_not_allowed'
  return strictBase64(textOf(digest) ?? '') === null || digest.attributes.length > 0 ? 'malformed' : null
}

/** Without the signature itself, then exclusively canonicalized; both must be there, in this order, and nothing else. */
function isPlain(transforms: XmlElement): boolean {
  const parts = elementsOf(transforms)
  const [enveloped, exclusive] = parts
  if (parts.length !== 2 || !enveloped || !exclusive || !isWithoutText(transforms)) return false
  if (transforms.attributes.length > 0 || !parts.every((part) => isNamed(part, SIGNATURE, 'Transform'))) return false
  if (algorithmOf(enveloped) !== ENVELOPED) return false
  const [prefixes, ...more] = elementsOf(exclusive)
  if (attributeOf(exclusive, 'Algorithm') !== EXCLUSIVE || exclusive.attributes.length !== 1) return false
  if (prefixes === undefined) return exclusive.nodes.length === 0
  return (
    more.length === 0 &&
    isWithoutText(exclusive) &&
    isNamed(prefixes, EXCLUSIVE, 'InclusiveNamespaces') &&
    prefixes.nodes.length === 0 &&
    prefixes.attributes.length === 1 &&
    attributeOf(prefixes, 'PrefixList') !== undefined
  )
}
