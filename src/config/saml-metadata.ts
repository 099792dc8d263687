import { failed, ok, type Result } from '../model/result.ts'
import { parseStrictXml, type XmlElement } from '../model/strict-xml.ts'

const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata'
const SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#'
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol'
const BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-'
const LIMITS = { bytes: 4 * 1024 * 1024, depth: 24, elements: 20_000, attributes: 64 }

/** What the metadata of a provider says of it. */
export interface IdpMetadata {
  readonly entityId: string
  readonly entryPoints: { readonly redirect: string | null; readonly post: string | null }
  readonly logoutUrl: string | null
  /** What it signs with, PEM. */
  readonly certs: readonly string[]
}

/**
 * Reads the metadata of one identity provider. Faults: what is wrong, as the end of a sentence.
 *
 * Does not check: who signed it. It is a file of the operator's, like the config. Source: SAML metadata section 2.4.
 */
export function readIdpMetadata(text: string): Result<IdpMetadata, string> {
  const root = parseStrictXml(Buffer.from(text.replace(/^\ufeff/, '')), LIMITS)
  if (!root.ok) return failed(root.fault)
  const entityId = attributeOf(root.value, 'entityID')
  if (root.value.uri !== METADATA || root.value.local !== 'EntityDescriptor' || !entityId)
    return failed('is not the metadata of one provider (`EntityDescriptor`)')
  const roles = childrenOf(root.value, METADATA, 'IDPSSODescriptor').filter((role) =>
    (attributeOf(role, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL),
  )
  const [role, ...more] = roles
  if (role === undefined || more.length > 0) return failed('must have one identity provider of SAML 2.0 in it')
  const entry = (binding: string) => addressOf(role, 'SingleSignOnService', binding, ['Location'])
  return ok({
    entityId,
    entryPoints: { redirect: entry('Redirect'), post: entry('POST') },
    logoutUrl: addressOf(role, 'SingleLogoutService', 'Redirect', ['ResponseLocation', 'Location']),
    certs: childrenOf(role, METADATA, 'KeyDescriptor')
      .filter((one) => (attributeOf(one, 'use') ?? 'signing') === 'signing')
      .flatMap((one) => descendantsOf(one, SIGNATURE, 'X509Certificate'))
      .map((one) => pem(one.nodes.filter((node) => typeof node === 'string').join(''))),
  })
}

/** The first of `attributes` that a service has, for one binding. */
function addressOf(role: XmlElement, service: string, binding: string, attributes: readonly string[]): string | null {
  const found = childrenOf(role, METADATA, service).find((one) => attributeOf(one, 'Binding') === BINDING + binding)
  if (found === undefined) return null
  return attributes.map((name) => attributeOf(found, name)).find((address) => address !== undefined) ?? null
}

function pem(base64: string): string {
  const lines = base64.replace(/\s+/g, '').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function attributeOf({ attributes }: XmlElement, name: string): string | undefined {
  return attributes.find(({ uri, local }) => uri === '' && local === name)?.value
}

function childrenOf({ nodes }: XmlElement, uri: string, local: string): XmlElement[] {
  return nodes.filter((node) => typeof node !== 'string').filter((one) => one.uri === uri && one.local === local)
}

function descendantsOf(element: XmlElement, uri: string, local: string): XmlElement[] {
  const inside = element.nodes.filter((node) => typeof node !== 'string')
  return [...childrenOf(element, uri, local), ...inside.flatMap((one) => descendantsOf(one, uri, local))]
}
