import { createSign } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { sessionOf } from '../../../../src/identity/saml/principal.ts'
import type { Pair } from '../../../support/certificates.ts'
import { ACS, IDP, keys, NOW, pageRequest, type SamlScene } from '../../../support/saml-scene.ts'

export const LOGOUT = ACS.replace('acs', 'logout')
export const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
export const BACK = 'https://idp.example.org/slo?x=1'
export const ALICE = sessionOf('alice', 's1')

export interface Written {
  readonly id?: string
  readonly issuer?: string
  readonly destination?: string
  readonly issued?: number
  readonly until?: number
  readonly inside?: string
}

export function request({
  id = '_logout1',
  issuer = IDP,
  destination = LOGOUT,
  issued = NOW,
  until,
  inside,
}: Written = {}) {
  const end = until === undefined ? '' : ` NotOnOrAfter="${new Date(until).toISOString()}"`
  return `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${new Date(issued).toISOString()}" Destination="${destination}"${end}><saml:Issuer>${issuer}</saml:Issuer>${inside ?? '<saml:NameID>alice</saml:NameID><samlp:SessionIndex>s1</samlp:SessionIndex>'}</samlp:LogoutRequest>`
}

export interface Sent {
  readonly algorithm?: string
  readonly hash?: string
  readonly relay?: string
  readonly pair?: Pair
  readonly written?: (text: string) => string
  readonly changed?: (query: Map<string, string>) => void
  readonly raw?: Buffer
}

/** By an address, whose text is what is signed. */
export async function byRedirect(scene: SamlScene, xml: string, sent: Sent = {}) {
  const { algorithm = `${MORE}rsa-sha256`, hash = 'RSA-SHA256', written = encodeURIComponent } = sent
  const query = new Map([['SAMLRequest', (sent.raw ?? deflateRawSync(xml)).toString('base64')]])
  if (sent.relay !== undefined) query.set('RelayState', sent.relay)
  query.set('SigAlg', algorithm)
  const text = [...query].map(([name, value]) => `${name}=${written(value)}`).join('&')
  query.set(
    'Signature',
    createSign(hash)
      .update(text)
      .sign((sent.pair ?? keys().idp).key, 'base64'),
  )
  sent.changed?.(query)
  return ask(scene, 'GET', query)
}

export const byPost = (scene: SamlScene, xml: string) =>
  ask(scene, 'POST', new Map([['SAMLRequest', Buffer.from(xml).toString('base64')]]))

export async function ask(scene: SamlScene, method: 'GET' | 'POST', values: Map<string, string>) {
  const route = scene.provider.routes.find((one) => one.method === method && one.path === '/auth/saml/adfs/logout')
  if (route === undefined) throw new Error('no such route')
  const [query, form] = method === 'GET' ? [values, new Map<string, string>()] : [new Map<string, string>(), values]
  return route.handle({ ...pageRequest(form), method, query })
}
