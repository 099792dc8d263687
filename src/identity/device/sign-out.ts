import { Secret } from '../../model/secret.ts'
import type { PageAnswer } from '../../model/sign-in.ts'
import type { Visit } from '../sign-in/parts.ts'
import { jsonAnswer, oauthError, unavailable } from './answer.ts'
import { orNull } from './own-codes.ts'
import type { DevicePorts } from './ports.ts'
import type { Renewals } from './renewals.ts'

/** Who asks for the revocation, as its event says. */
const BY = 'signed out'

/**
 * `POST /auth/device/logout`: who holds a refresh token, or a token, ends what came of its sign-in. What is not valid has
 * ended already, and is no error (RFC 7009 section 2.2).
 */
export async function deviceLogout(
  ports: DevicePorts,
  renewals: Renewals,
  { form, client, now }: Visit,
): Promise<PageAnswer> {
  const [refresh, token] = [form.get('refresh_token'), form.get('token')]
  if (refresh === undefined && token === undefined) {
    return oauthError('invalid_request', 'neither `refresh_token` nor `token` is there')
  }
  // Both, whatever becomes of the one: who signs out wants all of it over.
  const done = await Promise.all([
    refresh === undefined || renewals.signOut(refresh, now, BY),
    token === undefined || revoked(ports, token, client),
  ])
  if (done.every(Boolean)) return jsonAnswer(200, {})
  return unavailable('the sign-in cannot be ended at the moment: try again')
}

/** False where nobody can tell, or write it. */
async function revoked({ verify, revoker }: DevicePorts, token: string, client: string): Promise<boolean> {
  const verification = await verify(new Secret(token), client)
  if (verification.outcome !== 'verified') return verification.outcome === 'rejected'
  const { issuer, tokenId, expiresAt } = verification.principal
  if (tokenId === null || expiresAt === null) return false
  return (await orNull(revoker.token(issuer, tokenId, expiresAt * 1000, BY).then(() => true))) === true
}
