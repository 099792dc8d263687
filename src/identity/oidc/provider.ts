import type { JsonObject } from '../../model/json.ts'
import { failed, ok } from '../../model/result.ts'
import type { PageRequest, SignInOutcome, SignInProvider } from '../../model/sign-in.ts'
import { newChallenge } from './client.ts'
import { deviceSignIn, renew } from './device.ts'
import { faultOf } from './faults.ts'
import { logoutRoute } from './logout.ts'
import type { LoginIssuer, OidcPorts } from './ports.ts'
import { IssuerSession, type Reached } from './session.ts'
import { type Begun, readBegun, strength, writeBegun } from './session-state.ts'

/**
 * Signs people in with one issuer by OpenID Connect: authorization code with PKCE, `state` and `nonce`. The issuer is looked
 * for when somebody wants to sign in, and not before.
 *
 * Source: OpenID Connect Core section 3.1, RFC 7636, RFC 9126, RFC 9207, RFC 9700.
 */
export function openOidcProvider(settings: LoginIssuer, ports: OidcPorts): SignInProvider {
  const { name } = settings
  const { oneTime, revoker, logoutRefused } = ports
  const session = new IssuerSession(settings, ports)
  const path = `/auth/oidc/${name}/callback`
  const redirectUri = `${ports.url}${path}`
  return {
    name,
    kind: 'oidc',
    begin: async (wish) => {
      const { codeChallenge, ...challenge } = await newChallenge()
      const begun = { ...challenge, wish, startedAt: session.nowSeconds }
      const parameters = authorizationParameters(begun, codeChallenge, redirectUri, settings.login.scopes)
      const location = await session.ask(({ client, metadata }) =>
        client.authorizationUrl(parameters, metadata.wantsPushed),
      )
      if (!location.ok) return failed(faultOf(location.fault, name))
      const departure = { by: 'redirect', location: location.value } as const
      return ok({ departure, state: writeBegun(name, begun) })
    },
    arrival: { method: 'GET', path },
    complete: (request, state) => complete(session, redirectUri, request, state),
    routes: revoker === null ? [] : [logoutRoute(session, { oneTime, revoker, logoutRefused })],
    // Whether the issuer has one shows when it is asked: `begin` says so.
    device: deviceSignIn(session),
    renew: (grant) => renew(session, grant),
    close: () => session.close(),
  }
}

function authorizationParameters(
  { state, nonce, wish }: Begun,
  codeChallenge: string,
  redirectUri: string,
  scopes: readonly string[],
): Record<string, string> {
  return {
    response_type: 'code',
    redirect_uri: redirectUri,
    // Nobody keeps a refresh token of a browser: none is asked for.
    scope: scopes.filter((scope) => scope !== 'offline_access').join(' '),
    state,
    nonce,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
    ...strength(wish),
    ...(wish.maxAge === 0 ? { prompt: 'login' } : {}),
  }
}

async function complete(
  session: IssuerSession,
  redirectUri: string,
  { query }: PageRequest,
  written: JsonObject,
): Promise<SignInOutcome> {
  const { name, issuer } = session.settings
  const begun = readBegun(name, written)
  // The answer is this browser's: nobody can have another one finish what they began.
  if (begun === null || query.get('state') !== begun.state) return faultOf('wrong_state', name)
  const from = query.get('iss')
  if (from !== undefined && from !== issuer) return faultOf('wrong_iss', name)
  const who = await session.ask((reached) => finish(session, reached, begun, answerUrl(redirectUri, query)))
  return who.ok ? { outcome: 'signed-in', who: who.value } : faultOf(who.fault, name)
}

function answerUrl(redirectUri: string, query: ReadonlyMap<string, string>): URL {
  const url = new URL(redirectUri)
  for (const [name, value] of query) url.searchParams.append(name, value)
  return url
}

async function finish(session: IssuerSession, reached: Reached, begun: Begun, answer: URL) {
  // RFC 9207 section 2.4: an issuer that names itself always does.
  if (reached.metadata.namesItself && !answer.searchParams.has('iss')) return failed('wrong_iss' as const)
  const tokens = await reached.client.exchange(answer, begun)
  return tokens.ok ? session.whoSignedIn(reached, tokens.value, begun, null) : tokens
}
