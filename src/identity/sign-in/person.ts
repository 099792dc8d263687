import { METHODS } from '../../model/identity.ts'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import type { SignedIn } from '../../model/sign-in.ts'

/** Somebody whose password was right, as it is sealed until the code of the second factor is, too. */
export function sealedPerson({ principal, amr, subject, session, notAfter, provenAt }: SignedIn): JsonObject {
  const { groups, workspaces, acr, authTime, roles, ...rest } = principal
  return {
    ...rest,
    roles,
    groups: groups ?? null,
    workspaces: workspaces ?? null,
    acr: acr ?? null,
    authTime: authTime ?? null,
    amr: amr ?? null,
    ...{ subject, session, notAfter, provenAt: provenAt ?? null },
  }
}

/** Null for what is not one. */
export function openedPerson(sealed: JsonObject): SignedIn | null {
  const text = (name: string) => optional(sealed, name, (value) => typeof value === 'string')
  const texts = (name: string) => optional(sealed, name, isTexts)
  const number = (name: string) => optional(sealed, name, (value) => typeof value === 'number')
  const id = text('id')
  const issuer = text('issuer')
  const method = METHODS.find((name) => name === ownValue(sealed, 'method'))
  const mfa = (['yes', 'no', 'unknown'] as const).find((match) => match === ownValue(sealed, 'mfa'))
  const claims = ownValue(sealed, 'claims')
  const provenAt = number('provenAt')
  if (id === null || issuer === null || method === undefined || mfa === undefined || !isJsonObject(claims)) return null
  const strength = { mfa, acr: text('acr') ?? undefined, authTime: number('authTime') ?? undefined }
  const places = { groups: texts('groups') ?? undefined, workspaces: texts('workspaces') ?? undefined }
  return {
    principal: {
      ...{ id, issuer, method, claims, ...strength, ...places },
      ...{ name: text('name'), email: text('email'), roles: texts('roles') ?? [] },
    },
    amr: texts('amr') ?? undefined,
    ...{ subject: text('subject'), session: text('session'), notAfter: number('notAfter') },
    ...(provenAt === null ? {} : { provenAt }),
  }
}

function isTexts(value: JsonValue): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function optional<Kind extends JsonValue>(
  sealed: JsonObject,
  name: string,
  isOne: (value: JsonValue) => value is Kind,
): Kind | null {
  const value = ownValue(sealed, name)
  return value !== undefined && isOne(value) ? value : null
}
