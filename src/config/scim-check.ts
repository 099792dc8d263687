import type { Problem } from '../model/problem.ts'
import type { Secret } from '../model/secret.ts'
import type { Draft } from '../schema/draft.ts'
import type { Config } from './schema.ts'
import { voucherNames } from './voucher-names.ts'

const MIN_TOKEN_LENGTH = 32

/** Guessing is no way in: who has the token can lock everybody out. */
export function scimTokenProblems(token: Secret | undefined): Problem[] {
  if (token === undefined || token.reveal().length >= MIN_TOKEN_LENGTH) return []
  const message = `must have ${MIN_TOKEN_LENGTH} characters at least; make one with \`openssl rand -base64 48\``
  return [{ path: ['identity', 'scim', 'token'], at: 'value', severity: 'error', code: 'weak_secret', message }]
}

/** A source that nobody is would disable nobody. */
export function scimProblems({ identity }: Draft<Config>): Problem[] {
  const source = identity?.scim?.source
  if (source === undefined) return []
  const names = [...voucherNames(identity), ...(identity?.local?.enabled ? ['local'] : [])]
  // What could not be read may have been it.
  if (names.includes(source) || names.includes(undefined)) return []
  const message = `no issuer, directory or SAML provider is called \`${source}\`; name the one whose people the provider tells of`
  return [{ path: ['identity', 'scim', 'source'], at: 'value', severity: 'error', code: 'unknown_source', message }]
}
