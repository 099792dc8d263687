import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pair } from './certificates.ts'

/** Signatures and encryption by xmlsec1, which shares no code with what checks them here. */

const DSIG = 'http://www.w3.org/2000/09/xmldsig#'
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'

/** Why nothing can be signed here; null where it can. */
export function noXmlsec(): string | null {
  try {
    execFileSync('xmlsec1', ['--version'], { stdio: 'ignore' })
    return null
  } catch {
    return 'left out: xmlsec1 (apt-get install xmlsec1)'
  }
}

export interface XmlsecSignature {
  readonly algorithm?: string
  readonly digest?: string
  /** Namespaces that are canonicalized inclusively. */
  readonly prefixes?: string
}

/** A signature to be filled in, of the element with this id. */
export function template(id: string, { algorithm, digest, prefixes }: XmlsecSignature = {}): string {
  const inclusive =
    prefixes === undefined ? '' : `<ec:InclusiveNamespaces xmlns:ec="${EXCLUSIVE}" PrefixList="${prefixes}"/>`
  const method = algorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
  return `<ds:Signature xmlns:ds="${DSIG}">
  <ds:SignedInfo>
    <ds:CanonicalizationMethod Algorithm="${EXCLUSIVE}"/>
    <ds:SignatureMethod Algorithm="${method}"/>
    <ds:Reference URI="#${id}">
      <ds:Transforms>
        <ds:Transform Algorithm="${DSIG}enveloped-signature"/>
        <ds:Transform Algorithm="${EXCLUSIVE}">${inclusive}</ds:Transform>
      </ds:Transforms>
      <ds:DigestMethod Algorithm="${digest ?? 'http://www.w3.org/2001/04/xmlenc#sha256'}"/>
      <ds:DigestValue/>
    </ds:Reference>
  </ds:SignedInfo>
  <ds:SignatureValue/>
  <ds:KeyInfo><ds:X509Data/></ds:KeyInfo>
</ds:Signature>`
}

/** Fills in the one signature that is empty. */
export function xmlsecSigned(xml: string, pair: Pair): string {
  return inFolder((folder) => {
    const ids = ['--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:assertion:Assertion']
    const whole = ['--id-attr:ID', 'urn:oasis:names:tc:SAML:2.0:protocol:Response']
    writeFileSync(join(folder, 'in.xml'), xml)
    writePair(folder, pair)
    const empty = ['--node-xpath', "//*[local-name()='Signature'][.//*[local-name()='SignatureValue'][not(text())]]"]
    const command = ['--sign', '--privkey-pem', 'key.pem,cert.pem', ...ids, ...whole, ...empty]
    return xmlsec(folder, [...command, '--output', 'out.xml', 'in.xml'])
  })
}

/** An `EncryptedAssertion` of an assertion, for the owner of a certificate. */
export function xmlsecEncrypted(assertion: string, pair: Pair, cipher: string, wrap: string): string {
  const xenc = 'http://www.w3.org/2001/04/xmlenc#'
  const empty = `<EncryptedData xmlns="${xenc}" Type="${xenc}Element"><EncryptionMethod Algorithm="${cipher}"/><KeyInfo xmlns="${DSIG}"><EncryptedKey xmlns="${xenc}"><EncryptionMethod Algorithm="${wrap}"/><KeyInfo xmlns="${DSIG}"><KeyName/></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedKey></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedData>`
  const bits = cipher.includes('128') ? 'aes-128' : 'aes-256'
  return inFolder((folder) => {
    writeFileSync(join(folder, 'template.xml'), empty)
    writeFileSync(join(folder, 'in.xml'), assertion)
    writePair(folder, pair)
    const command = ['--encrypt', '--pubkey-cert-pem', 'cert.pem', '--session-key', bits, '--xml-data', 'in.xml']
    const made = xmlsec(folder, [...command, '--output', 'out.xml', 'template.xml'])
    const data = made.replace(/^<\?xml[^>]*\?>\s*/, '')
    return `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${data}</saml:EncryptedAssertion>`
  })
}

/** Whether the enveloped signature of a root element holds, by the key of a certificate. */
export function xmlsecVerifies(xml: string, pair: Pair, root: string): boolean {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'in.xml'), xml)
    writePair(folder, pair)
    try {
      execFileSync('xmlsec1', ['--verify', '--pubkey-cert-pem', 'cert.pem', '--id-attr:ID', root, 'in.xml'], {
        cwd: folder,
        stdio: 'pipe',
      })
      return true
    } catch {
      return false
    }
  })
}

function xmlsec(folder: string, command: readonly string[]): string {
  execFileSync('xmlsec1', command, { cwd: folder, stdio: 'pipe' })
  return readFileSync(join(folder, 'out.xml'), 'utf8')
}

function writePair(folder: string, { cert, key }: Pair): void {
  writeFileSync(join(folder, 'key.pem'), key)
  writeFileSync(join(folder, 'cert.pem'), cert)
}

function inFolder<Value>(work: (folder: string) => Value): Value {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-xmlsec-'))
  try {
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
