import { hash } from 'node:crypto'
import type { CertificateFacts } from '../../model/certificate.ts'
import type { CertificateNames, NameLists } from '../../model/certificate-names.ts'
import type { ClientCertificate, Principal } from '../../model/identity.ts'
import type { MtlsSettings } from '../../model/identity-settings.ts'
import type { RejectReason } from '../../model/reasons.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { isId } from '../claims.ts'

/**
 * The caller that a certificate names. It shows one key, and whether several factors stand behind that cannot be told.
 *
 * Faults: `claim_missing` for a certificate without the name that is to be the id, `malformed` for one with several.
 */
export function principalOf(
  certificate: ClientCertificate,
  { names, serial, untilMs }: CertificateFacts,
  { claims }: MtlsSettings,
): Result<Principal, RejectReason> {
  const id = idOf(names, claims.id)
  if (!id.ok) return id
  const workspace = claims.workspace === null ? [] : namesAt(names, claims.workspace)
  return ok({
    id: id.value,
    issuer: 'mtls',
    method: 'mtls',
    name: onlyOne(namesAt(names, claims.name)),
    email: onlyOne(namesAt(names, claims.email)),
    groups: namesAt(names, claims.groups),
    roles: [],
    workspaces: workspace,
    claims: { ...names, serial, thumbprint: certificate.thumbprint },
    mfa: 'unknown',
    acr: undefined,
    authTime: undefined,
    key: null,
    tokenId: hash('sha256', certificate.raw, 'hex'),
    expiresAt: Math.floor(Math.min(untilMs, certificate.untilMs) / 1000),
  })
}

/** Kinds of names that no two of can be taken for each other: `:` stands in each URI, `@` in each address, neither in a host. */
const DISJOINT = ['uri', 'email', 'dns'] as const

function idOf(names: CertificateNames, path: readonly string[]): Result<string, RejectReason> {
  const isAny = path.length === 1
  const found = isAny ? DISJOINT.flatMap((kind) => names.san[kind] ?? []) : namesAt(names, path)
  const [first] = found
  if (first === undefined) return failed('claim_missing')
  // Of several names nobody can tell which one is meant, and a pattern is no name.
  const isClear = found.length === 1 && isId(first) && !first.includes('*')
  return isClear ? ok(first) : failed('malformed')
}

function namesAt(names: CertificateNames, [part = '', kind = '']: readonly string[]): readonly string[] {
  const lists: NameLists = part === 'subject' ? names.subject : part === 'san' ? names.san : {}
  return Object.hasOwn(lists, kind) ? (lists[kind] ?? []) : []
}

function onlyOne(found: readonly string[]): string | null {
  const [first] = found
  return found.length === 1 && first !== undefined ? first : null
}
