import t from 'tap'
import { signedElement } from '../../../../src/identity/saml/signed-element.ts'
import { parseStrictXml } from '../../../../src/model/strict-xml.ts'
import { signed } from '../../../support/saml-provider.ts'
import { keys } from '../../../support/saml-scene.ts'

/** Whoever has signed in once has a signature of the provider's, and can put it into documents of their own. */

const LIMITS = { bytes: 262_144, depth: 24, elements: 2500, attributes: 24 }
const small = '<R xmlns="urn:r" ID="_1"><Issuer/></R>'
const large = small.replace('</R>', `${'<b c="d"/>'.repeat(2400)}</R>`)
const captured = (key: 'idp' | 'other') => /<Signature [\s\S]*<\/Signature>/.exec(signed(small, '_1', keys()[key]))?.[0]
const withSignature = (xml: string, signature = '') => xml.replace('<Issuer/>', `<Issuer/>${signature}`)
const trust = { idpCerts: [keys().idp.cert], algorithms: ['rsa-sha256'] }

async function taken(xml: string): Promise<boolean> {
  const root = parseStrictXml(Buffer.from(xml), LIMITS)
  if (!root.ok) throw new Error(root.fault)
  return (await signedElement(xml, root.value, 'root', trust)).ok
}

async function leastMs(xml: string): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 8; round++) {
    const startedAt = performance.now()
    await taken(xml)
    least = Math.min(least, performance.now() - startedAt)
  }
  return least
}

t.test('the document that was signed is taken, and no other one', async (t) => {
  t.equal(await taken(withSignature(small, captured('idp'))), true)
  t.equal(await taken(withSignature(large, captured('idp'))), false)
  t.equal(await taken(signed(large, '_1', keys().idp)), true, 'a large one, too')
})

t.test('one that was not signed costs about what a stranger’s does', async (t) => {
  const [own, stranger] = [withSignature(large, captured('idp')), withSignature(large, captured('other'))]
  t.ok((await leastMs(own)) < 6 * (await leastMs(stranger)))
})
