import type { SamlSettings } from '../../model/saml-settings.ts'
import type { Route } from '../../model/sign-in.ts'
import { ENCRYPTION, ENCRYPTION_11, METADATA, POST, PROTOCOL, REDIRECT, SIGNATURE } from './names.ts'
import { xmlElement, xmlText } from './xml-text.ts'

/** What a provider is told of this proxy: where answers go, and with which keys. Source: SAML metadata section 2.4.4. */
export function metadataRoute(settings: SamlSettings, arrivalUrl: string, logoutUrl: string | null): Route {
  const body = metadata(settings, arrivalUrl, logoutUrl)
  const headers = ['content-type', 'application/samlmetadata+xml; charset=utf-8']
  const path = `/auth/saml/${settings.name}/metadata`
  return { method: 'GET', path, handle: async () => ({ status: 200, headers, body }) }
}

function metadata(settings: SamlSettings, arrivalUrl: string, logoutUrl: string | null): string {
  const { signing, decryption, nameIdFormat } = settings
  const logout = (binding: string) =>
    logoutUrl === null
      ? ''
      : xmlElement('SingleLogoutService', {
          Binding: binding,
          Location: logoutUrl,
        })
  const inside = [
    signing?.cert ? keyDescriptor('signing', signing.cert) : '',
    decryption?.cert ? keyDescriptor('encryption', decryption.cert) : '',
    logout(REDIRECT),
    logout(POST),
    nameIdFormat === null ? '' : xmlElement('NameIDFormat', {}, [xmlText(nameIdFormat)]),
    xmlElement('AssertionConsumerService', { Binding: POST, Location: arrivalUrl, index: '0', isDefault: 'true' }),
  ]
  const role = {
    protocolSupportEnumeration: PROTOCOL,
    AuthnRequestsSigned: String(signing !== null),
    WantAssertionsSigned: 'true',
  }
  const root = { xmlns: METADATA, 'xmlns:ds': SIGNATURE, entityID: settings.issuer }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xmlElement('EntityDescriptor', root, [xmlElement('SPSSODescriptor', role, inside)])}\n`
}

function keyDescriptor(use: 'signing' | 'encryption', cert: string): string {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]+)-----/.exec(cert)?.[1]?.replace(/\s+/g, '') ?? ''
  const certificate = xmlElement('ds:X509Certificate', {}, [base64])
  const info = xmlElement('ds:KeyInfo', {}, [xmlElement('ds:X509Data', {}, [certificate])])
  const methods =
    use === 'signing'
      ? []
      : [`${ENCRYPTION_11}aes256-gcm`, `${ENCRYPTION_11}aes128-gcm`, `${ENCRYPTION}rsa-oaep-mgf1p`].map((one) =>
          xmlElement('EncryptionMethod', { Algorithm: one }),
        )
  return xmlElement('KeyDescriptor', { use }, [info, ...methods])
}
