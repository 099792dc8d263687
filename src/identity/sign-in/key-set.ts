import type { TokenIssuer } from '../../model/sign-in.ts'
import { document } from './page.ts'
import type { OwnRoute } from './parts.ts'

/** The keys of our own tokens, for whoever verifies them (RFC 7517). Nobody is told anything that is not public. */
export function keySetRoute(issuer: TokenIssuer): OwnRoute {
  return {
    method: 'GET',
    path: '/auth/jwks',
    isPublic: true,
    handle: async () => {
      const keys = await issuer.keySet()
      if (!keys.ok) return document(503, { error: 'temporarily_unavailable' }, ['retry-after', '5'])
      const headers = ['content-type', 'application/jwk-set+json', 'cache-control', 'public, max-age=300']
      return { status: 200, headers, body: keys.value }
    },
  }
}
