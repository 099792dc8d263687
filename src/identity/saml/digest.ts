import { createHash } from 'node:crypto'

/** Names what a provider signed among all that any of them did, by its id. */
export function assertionDigest(idpIssuer: string, id: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['saml', idpIssuer, id]))
    .digest('hex')
}
