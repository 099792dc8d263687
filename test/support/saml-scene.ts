import { inflateRawSync } from 'node:zlib'
import { openOneTime } from '../../src/identity/one-time.ts'
import { openSaml } from '../../src/identity/saml/provider.ts'
import type { JsonObject } from '../../src/model/json.ts'
import type { SamlSettings } from '../../src/model/saml-settings.ts'
import { Secret } from '../../src/model/secret.ts'
import type { OneTime, PageRequest, SignInOutcome, SignInProvider, SignInWish } from '../../src/model/sign-in.ts'
import type { Pair } from './certificates.ts'
import {
  type AssertionParts,
  assertionXml,
  type ResponseHead,
  responseXml,
  rsaPair,
  type SigningOptions,
  signed,
} from './saml-provider.ts'

export const URL_OF_PROXY = 'https://sallyport.example.org'
export const ACS = `${URL_OF_PROXY}/auth/saml/adfs/acs`
export const IDP = 'https://idp.example.org/entity'
/** Friday. Epoch milliseconds. */
export const NOW = Date.UTC(2026, 0, 2, 12)
export const MINUTE = 60_000
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success'

let pairs: { readonly idp: Pair; readonly other: Pair; readonly sp: Pair } | undefined

/** Keys are slow to make: one set a process. */
export function keys() {
  pairs ??= { idp: rsaPair(), other: rsaPair('/CN=idp.example'), sp: rsaPair('/CN=sallyport') }
  return pairs
}

export function samlSettings(changes: Partial<SamlSettings> = {}): SamlSettings {
  return {
    name: 'adfs',
    entryPoint: 'https://idp.example.org/sso?tenant=1',
    binding: 'redirect',
    issuer: 'sallyport',
    idpIssuer: IDP,
    idpCerts: [keys().idp.cert],
    logoutUrl: null,
    signing: null,
    decryption: null,
    algorithms: ['rsa-sha256', 'rsa-sha512'],
    claims: { id: 'nameID', name: 'name', email: 'email', groups: 'memberOf', workspace: null, mfa: null },
    mfaAcr: [],
    acrValues: [],
    nameIdFormat: null,
    clockSkewMs: 30_000,
    ...changes,
  }
}

export const NO_WISH: SignInWish = { acrValues: [], maxAge: null }

/** One browser that has begun to sign in, and the provider that it was sent to. */
/** So that what is taken once is taken again. */
export const FORGETFUL: OneTime = {
  take: async () => true,
  takeAfter: async (_value, _untilMs, work) => {
    await work()
    return true
  },
}

export class SamlScene {
  readonly settings: SamlSettings
  readonly provider: SignInProvider
  readonly revoked: (readonly string[])[] = []
  /** Nothing can be revoked. */
  isBroken = false
  state: JsonObject = {}
  requestId = ''
  relay = ''

  constructor(changes: Partial<SamlSettings> = {}, oneTime: OneTime = openOneTime(() => NOW)) {
    this.settings = samlSettings(changes)
    const note = (kind: string) => async (issuer: string, which: string, by: string) => {
      if (this.isBroken) throw new Error('no store')
      this.revoked.push([kind, issuer, which, by])
    }
    const revoker = { subject: note('subject'), session: note('session'), token: note('token') as never }
    this.provider = openSaml(this.settings, { url: URL_OF_PROXY, oneTime, revoker })
  }

  static async begun(changes: Partial<SamlSettings> = {}, oneTime?: OneTime): Promise<SamlScene> {
    const scene = new SamlScene(changes, oneTime)
    await scene.begin()
    return scene
  }

  async begin(wish: SignInWish = NO_WISH): Promise<void> {
    const begun = await this.provider.begin(wish)
    if (!begun.ok) throw new Error(begun.fault.message)
    this.state = begun.value.state
    this.requestId = String(this.state.request)
    this.relay = String(this.state.relay)
  }

  parts(changes: Partial<AssertionParts> = {}): AssertionParts {
    return {
      id: '_assertion1',
      issuer: IDP,
      nameId: 'alice@example.org',
      nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      recipient: ACS,
      inResponseTo: this.requestId,
      audience: 'sallyport',
      now: NOW,
      notBefore: NOW - MINUTE,
      notOnOrAfter: NOW + 5 * MINUTE,
      confirmedUntil: NOW + 5 * MINUTE,
      signedIn: NOW - 10_000,
      sessionUntil: NOW + 480 * MINUTE,
      classRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
      attributes: { memberOf: ['analysts', 'staff'], name: ['Alice Example'], email: ['alice@example.org'] },
      extraConditions: '',
      extraAttributes: '',
      extraSubject: '',
      ...changes,
    }
  }

  assertion(changes: Partial<AssertionParts> = {}, options: SigningOptions = {}, pair = keys().idp): string {
    const parts = this.parts(changes)
    return signed(assertionXml(parts), parts.id, pair, options)
  }

  response(inside: string, changes: Partial<ResponseHead> = {}): string {
    const head = {
      id: '_response1',
      issuer: IDP,
      destination: ACS,
      inResponseTo: this.requestId,
      status: SUCCESS,
      now: NOW,
    }
    return responseXml({ ...head, ...changes }, inside)
  }

  complete(xml: string, changes: { readonly relay?: string; readonly state?: JsonObject; readonly now?: number } = {}) {
    return this.post(Buffer.from(xml).toString('base64'), changes)
  }

  post(
    encoded: string,
    changes: { readonly relay?: string; readonly state?: JsonObject; readonly now?: number } = {},
  ): Promise<SignInOutcome> {
    const form = new Map([
      ['SAMLResponse', encoded],
      ['RelayState', changes.relay ?? this.relay],
    ])
    return this.provider.complete(pageRequest(form, changes.now ?? NOW), changes.state ?? this.state)
  }
}

export function pageRequest(form: ReadonlyMap<string, string>, now = NOW): PageRequest {
  return {
    id: 'req-1',
    method: 'POST',
    path: '/auth/saml/adfs/acs',
    query: new Map(),
    form,
    cookies: new Map(),
    header: () => undefined,
    client: '192.0.2.1',
    now,
  }
}

/** What a test says of an outcome: the id of who signed in, or why not. */
export function said(outcome: SignInOutcome): string {
  return outcome.outcome === 'signed-in' ? outcome.who.principal.id : outcome.reason
}

/** The request that an address of the redirect binding carries. */
export function requestIn(location: string): string {
  const encoded = new URL(location).searchParams.get('SAMLRequest') ?? ''
  return inflateRawSync(Buffer.from(encoded, 'base64')).toString('utf8')
}

export function decryptionKey(): SamlSettings['decryption'] {
  return { key: new Secret(keys().sp.key), cert: keys().sp.cert }
}
