import { constants, createDecipheriv, privateDecrypt } from 'node:crypto'
import { failed, ok, type Result } from '../../model/result.ts'
import type { Secret } from '../../model/secret.ts'
import type { XmlElement } from '../../model/strict-xml.ts'
import { strictBase64 } from './base64.ts'
import { attributeOf, elementsOf, everyElement, isNamed, onlyChild, textOf } from './element.ts'
import { ENCRYPTION, ENCRYPTION_11, SIGNATURE } from './names.ts'

const CIPHERS = new Map([
  [`${ENCRYPTION_11}aes128-gcm`, { name: 'aes-128-gcm', keyBytes: 16 }],
  [`${ENCRYPTION_11}aes256-gcm`, { name: 'aes-256-gcm', keyBytes: 32 }],
] as const)
/** Nothing in the ciphertext itself says that it was changed: whoever may send others learns the text from the answers. */
const UNAUTHENTICATED = new Map([
  [`${ENCRYPTION}aes128-cbc`, { name: 'aes-128-cbc', keyBytes: 16 }],
  [`${ENCRYPTION}aes256-cbc`, { name: 'aes-256-cbc', keyBytes: 32 }],
] as const)

/** `malformed` for whatever goes wrong once a key is used: which of it, is nobody's business. */
type DecryptionFault = 'alg_not_allowed' | 'malformed'

/**
 * The text of an encrypted assertion: AES-GCM, or AES-CBC where `isSigned` (a signature over the ciphertext holds), with
 * a key under RSA-OAEP whose digest and mask go together. Source: XML Encryption 1.1 sections 5.2 and 5.5.
 */
export function decrypted(
  encrypted: XmlElement,
  privateKey: Secret,
  isSigned: boolean,
): Result<Buffer, DecryptionFault> {
  const body = onlyChild(encrypted, ENCRYPTION, 'EncryptedData')
  const found = [...everyElement(encrypted)].filter((one) => isNamed(one, ENCRYPTION, 'EncryptedKey'))
  const [key] = found
  if (body === null || key === undefined || found.length > 1 || !standsRight(key, encrypted, body))
    return failed('malformed')
  const algorithm = methodOf(body)?.algorithm ?? ''
  const cipher = CIPHERS.get(algorithm as never) ?? (isSigned ? UNAUTHENTICATED.get(algorithm as never) : undefined)
  const digest = digestOf(key)
  if (cipher === undefined || digest === null) return failed('alg_not_allowed')
  const [wrapped, sealed] = [cipherValue(key), cipherValue(body)]
  if (wrapped === null || sealed === null) return failed('malformed')
  const text = opened(privateKey, digest, wrapped, cipher, sealed)
  return text === null ? failed('malformed') : ok(text)
}

/** Beside the data, or in its `KeyInfo`. */
function standsRight(key: XmlElement, encrypted: XmlElement, body: XmlElement): boolean {
  const info = onlyChild(body, SIGNATURE, 'KeyInfo')
  return elementsOf(encrypted).includes(key) || (info !== null && elementsOf(info).includes(key))
}

function methodOf(element: XmlElement): { algorithm: string; method: XmlElement } | null {
  const method = onlyChild(element, ENCRYPTION, 'EncryptionMethod')
  const algorithm = method === null ? undefined : attributeOf(method, 'Algorithm')
  return method === null || algorithm === undefined ? null : { algorithm, method }
}

/** The digest of OAEP where its mask is made with the same one, which is all that the platform can; null for the rest. */
function digestOf(key: XmlElement): 'sha1' | 'sha256' | 'sha512' | null {
  const written = methodOf(key)
  if (written === null) return null
  const { algorithm, method } = written
  const known = elementsOf(method).every(
    (one) => isNamed(one, SIGNATURE, 'DigestMethod') || isNamed(one, ENCRYPTION_11, 'MGF'),
  )
  const digests = elementsOf(method).filter((one) => isNamed(one, SIGNATURE, 'DigestMethod'))
  const masks = elementsOf(method).filter((one) => isNamed(one, ENCRYPTION_11, 'MGF'))
  if (!known || digests.length > 1 || masks.length > 1) return null
  const [digest, mask] = [digests[0], masks[0]].map((one) => one && attributeOf(one, 'Algorithm'))
  const named = DIGESTS.get(digest ?? `${SIGNATURE}sha1`)
  const masked = MASKS.get(mask ?? `${ENCRYPTION_11}mgf1sha1`)
  if (algorithm === `${ENCRYPTION}rsa-oaep-mgf1p`) return mask === undefined && named === 'sha1' ? 'sha1' : null
  return algorithm === `${ENCRYPTION_11}rsa-oaep` && named !== undefined && named === masked ? named : null
}

const DIGESTS = new Map([
  [`${SIGNATURE}sha1`, 'sha1'],
  [`${ENCRYPTION}sha256`, 'sha256'],
  [`${ENCRYPTION}sha512`, 'sha512'],
] as const) as ReadonlyMap<string, 'sha1' | 'sha256' | 'sha512'>
const MASKS = new Map([
  [`${ENCRYPTION_11}mgf1sha1`, 'sha1'],
  [`${ENCRYPTION_11}mgf1sha256`, 'sha256'],
  [`${ENCRYPTION_11}mgf1sha512`, 'sha512'],
] as const) as ReadonlyMap<string, 'sha1' | 'sha256' | 'sha512'>

function cipherValue(element: XmlElement): Buffer | null {
  const holder = onlyChild(element, ENCRYPTION, 'CipherData')
  const value = holder === null ? null : onlyChild(holder, ENCRYPTION, 'CipherValue')
  return value === null ? null : strictBase64(textOf(value) ?? '')
}

interface Cipher {
  readonly name: string
  readonly keyBytes: number
}

function opened(key: Secret, oaepHash: string, wrapped: Buffer, { name, keyBytes }: Cipher, sealed: Buffer) {
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    const secret = privateDecrypt({ key: key.reveal(), padding, oaepHash }, wrapped)
    if (secret.length !== keyBytes) return null
    return name.endsWith('gcm') ? openedGcm(name as 'aes-256-gcm', secret, sealed) : openedCbc(name, secret, sealed)
  } catch {
    return null
  }
}

function openedGcm(name: 'aes-256-gcm', key: Buffer, sealed: Buffer): Buffer | null {
  if (sealed.length <= 28) return null
  const decipher = createDecipheriv(name, key, sealed.subarray(0, 12), { authTagLength: 16 })
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
}

/** The padding of XML Encryption says only how long it is. */
function openedCbc(name: string, key: Buffer, sealed: Buffer): Buffer | null {
  const decipher = createDecipheriv(name, key, sealed.subarray(0, 16)).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()])
  const length = padded.at(-1) ?? 0
  return length < 1 || length > 16 || length > padded.length ? null : padded.subarray(0, padded.length - length)
}
