/** Namespaces, and what algorithms are called, as documents of SAML have them. */

export const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion'
export const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol'
export const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata'
export const SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#'
export const ENCRYPTION = 'http://www.w3.org/2001/04/xmlenc#'
export const ENCRYPTION_11 = 'http://www.w3.org/2009/xmlenc11#'
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'

export const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'
export const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success'
export const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'
export const ENTITY = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity'
/** The class of a sign-in that nothing is said of. */
export const UNSPECIFIED = 'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified'

export const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'
export const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'

/** SHA-1 and HMAC have no name here: what is not in these tables is refused. */
export const SIGNATURE_METHODS: ReadonlyMap<string, string> = new Map([
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'rsa-sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'rsa-sha512'],
  ['http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1', 'rsa-pss-sha256'],
])
export const DIGEST_METHODS: ReadonlySet<string> = new Set([`${ENCRYPTION}sha256`, `${ENCRYPTION}sha512`])
