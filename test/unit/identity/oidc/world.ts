import type { LoginIssuer, OidcPorts } from '../../../../src/identity/oidc/ports.ts'
import { openOidcProvider } from '../../../../src/identity/oidc/provider.ts'
import { openOneTime } from '../../../../src/identity/one-time.ts'
import { Secret } from '../../../../src/model/secret.ts'
import type { PageRequest, SignInOutcome, SignInProvider, SignInWish } from '../../../../src/model/sign-in.ts'
import { type SignInIdp, type SignInIdpOptions, startSignInIdp } from '../../../support/sign-in-provider.ts'

export const PROXY = 'http://127.0.0.1:9'
export const ANY: SignInWish = { acrValues: [], maxAge: null }

type Teardown = { teardown(run: () => unknown): void }

export interface OidcWorld {
  readonly idp: SignInIdp
  readonly provider: SignInProvider
  readonly settings: LoginIssuer
  open(more?: Partial<LoginIssuer>, ports?: Partial<OidcPorts>): SignInProvider
}

export function loginIssuer(idp: SignInIdp, more: Partial<LoginIssuer> = {}): LoginIssuer {
  return {
    name: 'corp',
    issuer: idp.issuer,
    audience: ['sallyport'],
    jwks: { kind: 'discover', refreshMs: 600_000, maxStaleMs: 86_400_000 },
    algorithms: ['ES256', 'RS256', 'PS256', 'EdDSA'],
    clockSkewMs: 5000,
    claims: { id: ['sub'], name: ['name'], email: ['email'], groups: ['groups'], workspace: ['department'] },
    mfaAcr: ['gold'],
    allowInsecure: false,
    login: {
      clientId: idp.clientId,
      clientSecret: new Secret(idp.clientSecret),
      scopes: ['openid', 'profile', 'email', 'groups'],
      claimsFrom: 'userinfo',
    },
    ...more,
  }
}

/** A provider of sign-ins, with the issuer that it speaks with. */
export async function oidcWorld(t: Teardown, options: Partial<SignInIdpOptions> = {}): Promise<OidcWorld> {
  const idp = await startSignInIdp(t, { proxyUrl: PROXY, ...options })
  const settings = loginIssuer(idp)
  const open = (more: Partial<LoginIssuer> = {}, ports: Partial<OidcPorts> = {}) => {
    const provider = openOidcProvider(
      { ...settings, ...more },
      {
        clock: Date.now,
        url: options.proxyUrl ?? PROXY,
        oneTime: openOneTime(Date.now),
        revoker: null,
        fetchLimitMs: 3000,
        ...ports,
      },
    )
    t.teardown(() => provider.close())
    return provider
  }
  return { idp, settings, open, provider: open() }
}

export function pageRequest(url: URL): PageRequest {
  return {
    id: 'r-1',
    method: 'GET',
    path: url.pathname,
    query: new Map(url.searchParams),
    form: new Map(),
    cookies: new Map(),
    header: () => undefined,
    client: '192.0.2.1',
    now: Date.now(),
  }
}

/** Where the browser is sent, and what it keeps; fails the test where there is a fault. */
export async function begun(provider: SignInProvider, wish = ANY) {
  const begun = await provider.begin(wish)
  if (!begun.ok || begun.value.departure.by !== 'redirect') throw new Error(`not begun: ${JSON.stringify(begun)}`)
  const { departure, state } = begun.value
  return { location: departure.location, state }
}

/** A whole sign-in with one browser. */
export async function signIn(
  { idp, provider }: Pick<OidcWorld, 'idp' | 'provider'>,
  wish = ANY,
  jar?: Map<string, string>,
): Promise<SignInOutcome> {
  const { location, state } = await begun(provider, wish)
  return provider.complete(pageRequest(await idp.browse(location, jar)), state)
}

/** In one word: `signed-in`, or why not. */
export function outcome(result: SignInOutcome): string {
  return result.outcome === 'signed-in' ? result.outcome : result.reason
}
