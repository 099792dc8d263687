import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto'

const XENC = 'http://www.w3.org/2001/04/xmlenc#'
const XENC11 = 'http://www.w3.org/2009/xmlenc11#'
const DSIG = 'http://www.w3.org/2000/09/xmldsig#'

export interface EncryptionOptions {
  readonly cipher?: 'aes-128-gcm' | 'aes-256-gcm' | 'aes-128-cbc' | 'aes-256-cbc'
  readonly wrap?: 'oaep-sha1' | 'oaep-sha256' | 'oaep-mgf1p-sha256' | 'rsa-1_5'
  /** The encrypted key stands behind the data, not in it. */
  readonly isBeside?: boolean
  /** Changed after it was encrypted. */
  readonly spoil?: (sealed: Buffer) => void
}

const NAMES = {
  'aes-128-gcm': `${XENC11}aes128-gcm`,
  'aes-256-gcm': `${XENC11}aes256-gcm`,
  'aes-128-cbc': `${XENC}aes128-cbc`,
  'aes-256-cbc': `${XENC}aes256-cbc`,
} as const

/** An `EncryptedAssertion` of a text, for the owner of a certificate. */
export function encrypted(text: string, cert: string, options: EncryptionOptions = {}): string {
  const { cipher = 'aes-256-gcm', wrap = 'oaep-sha1' } = options
  const key = randomBytes(cipher.includes('128') ? 16 : 32)
  const sealed = cipher.endsWith('gcm') ? gcm(cipher, key, text) : cbc(cipher, key, text)
  options.spoil?.(sealed)
  const padding = wrap === 'rsa-1_5' ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING
  const oaepHash = wrap.endsWith('sha256') ? 'sha256' : 'sha1'
  const wrapped = publicEncrypt({ key: cert, padding, oaepHash }, key)
  const encryptedKey = `<xenc:EncryptedKey xmlns:xenc="${XENC}">${wrapping(wrap)}<xenc:CipherData><xenc:CipherValue>${wrapped.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>`
  const inside = options.isBeside ? '' : `<ds:KeyInfo xmlns:ds="${DSIG}">${encryptedKey}</ds:KeyInfo>`
  const data = `<xenc:EncryptedData xmlns:xenc="${XENC}" Type="${XENC}Element"><xenc:EncryptionMethod Algorithm="${NAMES[cipher]}"/>${inside}<xenc:CipherData><xenc:CipherValue>${sealed.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>`
  return `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${data}${options.isBeside ? encryptedKey : ''}</saml:EncryptedAssertion>`
}

function wrapping(wrap: NonNullable<EncryptionOptions['wrap']>): string {
  const method = (algorithm: string, inside = '') =>
    `<xenc:EncryptionMethod Algorithm="${algorithm}">${inside}</xenc:EncryptionMethod>`
  const digest = `<ds:DigestMethod xmlns:ds="${DSIG}" Algorithm="${XENC}sha256"/>`
  switch (wrap) {
    case 'oaep-sha1':
      return method(`${XENC}rsa-oaep-mgf1p`)
    case 'oaep-sha256':
      return method(`${XENC11}rsa-oaep`, `${digest}<x:MGF xmlns:x="${XENC11}" Algorithm="${XENC11}mgf1sha256"/>`)
    case 'oaep-mgf1p-sha256':
      return method(`${XENC}rsa-oaep-mgf1p`, digest)
    case 'rsa-1_5':
      return method(`${XENC}rsa-1_5`)
  }
}

function gcm(cipher: string, key: Buffer, text: string): Buffer {
  const iv = randomBytes(12)
  const sealer = createCipheriv(cipher as 'aes-256-gcm', key, iv)
  return Buffer.concat([iv, sealer.update(text, 'utf8'), sealer.final(), sealer.getAuthTag()])
}

function cbc(cipher: string, key: Buffer, text: string): Buffer {
  const iv = randomBytes(16)
  const plain = Buffer.from(text)
  const length = 16 - (plain.length % 16)
  const padding = Buffer.alloc(length)
  padding[length - 1] = length
  const sealer = createCipheriv(cipher, key, iv).setAutoPadding(false)
  return Buffer.concat([iv, sealer.update(plain), sealer.update(padding), sealer.final()])
}
