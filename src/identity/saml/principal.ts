import { createHash } from 'node:crypto'
import type { JsonObject } from '../../model/json.ts'
import type { Match } from '../../model/match.ts'
import { ok, type Result } from '../../model/result.ts'
import type { SamlSettings } from '../../model/saml-settings.ts'
import type { SignedIn } from '../../model/sign-in.ts'
import { isId } from '../claims.ts'
import type { Vouched } from './assertion.ts'
import { TRANSIENT, UNSPECIFIED } from './names.ts'
import { type Refusal, refused } from './refusal.ts'

/** Who is vouched for, by the names that the config gives to attributes. */
export function signedIn(vouched: Vouched, settings: SamlSettings): Result<SignedIn, Refusal> {
  const { claims, name } = settings
  const { nameId, sessionIndex, sessionUntilMs, classRef } = vouched
  const id = idOf(vouched, claims.id)
  if (!id.ok) return id
  const principal = {
    id: id.value,
    issuer: name,
    method: 'saml',
    name: oneOf(vouched, claims.name),
    email: oneOf(vouched, claims.email),
    groups: vouched.attributes.get(claims.groups) ?? undefined,
    roles: [],
    workspaces: workspacesOf(vouched, claims.workspace),
    claims: claimsOf(vouched.attributes),
    mfa: mfaOf(vouched, settings),
    acr: classRef ?? undefined,
    authTime: Math.floor(vouched.signedInMs / 1000),
  } as const
  const notAfter = sessionUntilMs === null ? null : Math.floor(sessionUntilMs / 1000)
  return ok({
    principal,
    amr: undefined,
    subject: nameId.value,
    session: sessionOf(nameId.value, sessionIndex),
    notAfter,
  })
}

/** Some providers count their sessions per person: it is both together that name one. */
export function sessionOf(nameId: string, index: string): string
export function sessionOf(nameId: string, index: string | null): string | null
export function sessionOf(nameId: string, index: string | null): string | null {
  return index === null
    ? null
    : createHash('sha256')
        .update(JSON.stringify([nameId, index]))
        .digest('hex')
}

/** The NameID, or the one value of an attribute. One that is another at each sign-in names nobody. */
function idOf(vouched: Vouched, source: string): Result<string, Refusal> {
  if (source === 'nameID' && vouched.nameId.format === TRANSIENT)
    return refused('claim_missing', 'names the person anew at each sign-in (a transient NameID)')
  const values = source === 'nameID' ? [vouched.nameId.value] : vouched.attributes.get(source)
  if (values === undefined) return refused('claim_missing', 'lacks the attribute that names the person')
  const [id, ...more] = values ?? []
  if (!isId(id) || more.length > 0) return refused('malformed', 'does not name the person by one text')
  return ok(id)
}

function oneOf({ nameId, attributes }: Vouched, source: string): string | null {
  const values = source === 'nameID' ? [nameId.value] : (attributes.get(source) ?? [])
  return values.length === 1 ? (values[0] ?? null) : null
}

function workspacesOf({ attributes }: Vouched, source: string | null): readonly string[] | undefined {
  if (source === null || !attributes.has(source)) return []
  return attributes.get(source) ?? undefined
}

/** A single value is a string, several are a list; what is more than text is left out. */
function claimsOf(attributes: Vouched['attributes']): JsonObject {
  const claims = [...attributes].flatMap(([name, values]) =>
    values === null ? [] : [[name, values.length === 1 ? (values[0] ?? '') : values] as const],
  )
  return Object.fromEntries(claims)
}

/** By the class of the sign-in, and by the attribute that some providers say the methods in. */
function mfaOf({ classRef, attributes }: Vouched, { mfaAcr, claims }: SamlSettings): Match {
  const methods = claims.mfa === null ? undefined : attributes.get(claims.mfa)
  const shown = [...(classRef === null ? [] : [classRef]), ...(methods ?? [])]
  if (shown.some((one) => mfaAcr.includes(one))) return 'yes'
  const isSaid = (classRef !== null && classRef !== UNSPECIFIED) || (methods ?? []).length > 0
  return mfaAcr.length > 0 && isSaid && methods !== null ? 'no' : 'unknown'
}
