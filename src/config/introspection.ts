import type { IntrospectionSettings } from '../model/identity-settings.ts'
import type { Problem } from '../model/problem.ts'
import type { Secret } from '../model/secret.ts'
import { durationMs } from '../model/units.ts'
import type { Draft } from '../schema/draft.ts'
import { endpointFault } from './addresses.ts'
import type { IssuerConfig } from './identity-schema.ts'

type Path = Problem['path']
type Found = Pick<Problem, 'path' | 'code' | 'message' | 'at'>

/** The name under which the secret is kept among those of upstreams, which never has a colon. */
export function introspectionSecretName(issuer: string): string {
  return `introspection:${issuer}`
}

/** Absent where secrets are left unresolved, as all of the issuer's introspection is then. */
export function introspectionSettings(
  { name, introspection: written }: IssuerConfig,
  secrets: ReadonlyMap<string, Secret>,
): { readonly introspection?: IntrospectionSettings } {
  const clientSecret = secrets.get(introspectionSecretName(name))
  if (written === undefined || clientSecret === undefined) return {}
  const { client_id: clientId, url = null, cache, prefix = null } = written
  return { introspection: { clientId, clientSecret, url, cacheMs: durationMs(cache), prefix } }
}

/** What a schema cannot say: whose an opaque token is must follow from its beginning alone. */
export function introspectionProblems(issuers: Draft<readonly IssuerConfig[]>, base: Path): Found[] {
  const seen: string[] = []
  return issuers.flatMap((issuer, index): Found[] => {
    const written = issuer?.introspection
    if (written === undefined) return []
    const path = [...base, index, 'introspection']
    const fault = written.url === undefined ? null : endpointFault(written.url, issuer?.allow_insecure ?? false)
    const found: Found[] =
      fault === null ? [] : [{ path: [...path, 'url'], code: fault.code, message: `\`url\` ${fault.message}` }]
    const prefix = written.prefix ?? ''
    const isTaken = seen.some((other) => other === prefix || (other !== '' && prefix !== '' && overlap(other, prefix)))
    seen.push(prefix)
    if (!isTaken) return found
    const message =
      prefix === ''
        ? 'only one issuer can be asked about opaque tokens without a `prefix`; say what the tokens of this one begin with'
        : '`prefix` also fits tokens of another issuer; neither may be the beginning of the other'
    const at = prefix === '' ? 'key' : 'value'
    found.push({ path: prefix === '' ? path : [...path, 'prefix'], code: 'same_prefix', message, at })
    return found
  })
}

function overlap(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one)
}
