import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import type { Test } from 'tap'
import { assertionXml, escaped, responseXml, rsaPair, signed } from './saml-provider.ts'

const MINUTE = 60_000
const CLASSES = 'urn:oasis:names:tc:SAML:2.0:ac:classes:'
export const STRONG = `${CLASSES}MobileTwoFactorContract`

/** A SAML provider with a page, of another site than the proxy's: whoever comes is Sam, an analyst. */
export interface SamlSite {
  /** As a config has it. */
  readonly entry: { readonly [key: string]: string | readonly string[] | { readonly [key: string]: string } }
  /** How the person signs in next. */
  classRef: string
  /** Epoch milliseconds; just now where it is null. */
  signedIn: number | null
}

export async function startSamlSite(t: Test): Promise<SamlSite> {
  const pair = rsaPair()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-saml-'))
  writeFileSync(join(folder, 'idp.pem'), pair.cert)
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    if (pathname !== '/sso') return void response.writeHead(404).end()
    const xml = inflateRawSync(Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')).toString()
    const read = (name: string) => new RegExp(`\\b${name}="([^"]+)"`).exec(xml)?.[1] ?? ''
    const [recipient, inResponseTo] = [read('AssertionConsumerServiceURL'), read('ID')]
    const answer = answered(recipient, inResponseTo)
    response.setHeader('content-type', 'text/html')
    response.end(`<body onload="document.forms[0].submit()"><form method="post" action="${escaped(recipient)}">
<input name="SAMLResponse" value="${Buffer.from(answer).toString('base64')}">
<input name="RelayState" value="${escaped(searchParams.get('RelayState') ?? '')}"></form></body>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  // By its name it is another site than the address that the proxy has.
  const idp = `http://localhost:${(server.address() as AddressInfo).port}`
  const site: SamlSite = {
    entry: {
      ...{ name: 'adfs', issuer: 'sallyport', entry_point: `${idp}/sso`, idp_issuer: idp },
      ...{ idp_cert: { file: join(folder, 'idp.pem') }, claims: { groups: 'memberOf' }, mfa_acr: [STRONG] },
    },
    classRef: `${CLASSES}PasswordProtectedTransport`,
    signedIn: null,
  }
  let count = 0
  const answered = (recipient: string, inResponseTo: string) => {
    const now = Date.now()
    const id = `_assertion${++count}`
    const times = { now, notBefore: now - MINUTE, notOnOrAfter: now + 5 * MINUTE, confirmedUntil: now + 5 * MINUTE }
    const assertion = assertionXml({
      ...{ id, issuer: idp, nameId: 'sam@example.org', recipient, inResponseTo, audience: 'sallyport', ...times },
      ...{ nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', classRef: site.classRef },
      ...{
        signedIn: site.signedIn ?? now - 1000,
        sessionUntil: now + 480 * MINUTE,
        attributes: { memberOf: ['analysts'] },
      },
      ...{ extraConditions: '', extraAttributes: '', extraSubject: '' },
    })
    const status = 'urn:oasis:names:tc:SAML:2.0:status:Success'
    const head = { id: `_response${count}`, issuer: idp, destination: recipient, inResponseTo, status, now }
    return responseXml(head, signed(assertion, id, pair))
  }
  return site
}
