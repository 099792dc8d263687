import type { Problem } from '../model/problem.ts'
import type { Draft } from '../schema/draft.ts'
import type { IssuerConfig } from './identity-schema.ts'

type Path = Problem['path']
type Found = [path: Path, code: string, message: string, at?: 'key' | 'value']

/** What a schema cannot say of the sign-in with one issuer. `base` is the place of the issuer's entry. */
export function loginProblems({ login, jwks }: Draft<IssuerConfig>, base: Path): Found[] {
  if (login === undefined) return []
  const found: Found[] = []
  const path = [...base, 'login']
  if (login.scopes !== undefined && !login.scopes.some((scope) => scope === 'openid' || scope === undefined)) {
    const message = '`scopes` must have `openid`: without it the issuer says nothing about who signs in'
    found.push([[...path, 'scopes'], 'openid_missing', message])
  }
  if (jwks?.file !== undefined) {
    const message =
      '`login` needs an issuer that the proxy can reach, and `jwks.file` is for one that it cannot; take `file` away, then its keys are discovered'
    found.push([path, 'login_without_discovery', message, 'key'])
  }
  return found
}
