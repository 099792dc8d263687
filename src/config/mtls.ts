import { type KeyObject, verify, type X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { type Static, Type } from 'typebox'
import { readCertificate } from '../model/certificate.ts'
import type { MtlsSettings } from '../model/identity-settings.ts'
import type { Problem } from '../model/problem.ts'
import { type RevocationList, readRevocationList, type SignedList } from '../model/revocation-list.ts'
import type { Draft } from '../schema/draft.ts'
import { closed, fallback, text, word } from '../schema/parts.ts'
import { certificatesIn } from './client-ca.ts'
import { readText } from './read-file.ts'

const SUBJECT = ['CN', 'OU', 'O', 'C', 'L', 'ST', 'DC', 'UID', 'serialNumber', 'title', 'GN', 'SN', 'email'] as const
const SAN = ['uri', 'email', 'dns', 'upn'] as const
const NAMES = [...SAN.map((kind) => `san.${kind}` as const), ...SUBJECT.map((kind) => `subject.${kind}` as const)]

const name = (description: string) => word(description, NAMES)

/** Callers that TLS client certificates name. */
export const mtlsSchema = closed('TLS client certificates as credentials; `listen.tls.client_ca` asks for them', {
  claims: fallback(
    closed('which name in a certificate tells what', {
      id: fallback(
        word('what policies and audit events call the caller; `san` is the only name there', ['san', ...NAMES]),
        'san',
      ),
      name: fallback(name('the name of a person'), 'subject.CN'),
      email: fallback(name('the address of a person'), 'san.email'),
      groups: fallback(name('the groups'), 'subject.OU'),
      workspace: Type.Optional(name('the workspaces')),
    }),
    {},
  ),
  crl: Type.Optional(
    closed('what of the certificates was revoked', {
      file: text('certificate revocation lists (PEM), one of each authority, relative to this file'),
    }),
  ),
})
export type MtlsConfig = Static<typeof mtlsSchema>

/** What is read for certificates as credentials. `revocations` null: certificates are not revoked by lists. */
export interface MtlsRead {
  readonly revocations: readonly RevocationList[] | null
  /** PEM; null where they are not to be had. */
  readonly authorities: string | null
  readonly problems: readonly Problem[]
  readonly files: readonly string[]
  readonly digest: string
}

const PATH = ['identity', 'mtls', 'crl', 'file'] as const

/** Reads the revocation lists: each has to be signed by one of the authorities, and not be over; each authority needs one. */
export async function readMtls(
  written: Draft<MtlsConfig> | undefined,
  base: string,
  authorities: string | null,
  nowMs: number,
): Promise<MtlsRead> {
  const named = written?.crl?.file
  if (named === undefined) return { authorities, revocations: null, problems: [], files: [], digest: '' }
  const files = [resolve(base, named)]
  const read = await readText(files[0] ?? '')
  const problem = (code: string, message: string): Problem => ({
    path: PATH,
    severity: 'error',
    code,
    message: `\`${named}\`${message}`,
  })
  if (!read.ok)
    return { authorities, revocations: [], problems: [problem(read.code, `: ${read.message}`)], files, digest: '' }
  const { digest } = read
  const lists = listsIn(read.text)
  if (lists === null) {
    const message = ' must hold whole certificate revocation lists (PEM) with a `nextUpdate`, and nothing else'
    return { authorities, revocations: [], problems: [problem('invalid_revocations', message)], files, digest }
  }
  const signers = certificatesIn(authorities ?? '') ?? []
  const problems =
    authorities === null ? [] : listProblems(lists, signers, nowMs).map(([code, message]) => problem(code, message))
  return { authorities, revocations: lists.map(({ list }) => list), problems, files, digest }
}

function listsIn(pem: string): readonly SignedList[] | null {
  const blocks = pem.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? []
  const lists = blocks.map((block) => readRevocationList(Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64')))
  const sound = lists.filter((list) => list !== null)
  return blocks.length === 0 || sound.length < lists.length ? null : sound
}

function listProblems(
  lists: readonly SignedList[],
  signers: readonly X509Certificate[],
  nowMs: number,
): (readonly [code: string, message: string])[] {
  const found: (readonly [string, string])[] = []
  const owners = signers.map((certificate) => ({ certificate, facts: readCertificate(certificate.raw) }))
  const seen = new Set<string>()
  for (const { list, ...signature } of lists) {
    const owner = owners.find(
      ({ facts, certificate }) => facts?.subject === list.issuer && isSigned(signature, certificate.publicKey),
    )
    if (owner === undefined) {
      found.push(['foreign_revocations', ' has a list that no authority of `listen.tls.client_ca` has signed'])
    } else if (seen.has(list.issuer)) {
      found.push(['duplicate', ' has two lists of one authority; keep the newer one'])
    } else if (nowMs >= list.untilMs) {
      found.push([
        'revocations_expired',
        ` has a list that was over on ${new Date(list.untilMs).toISOString()}; fetch the present one`,
      ])
    }
    if (owner !== undefined) seen.add(list.issuer)
  }
  for (const { facts, certificate } of owners) {
    const subject = certificate.subject.replace(/\n/g, ', ')
    if (facts === null)
      found.push([
        'invalid_certificates',
        ` cannot be used: the certificate of \`${subject}\` is not in the form of DER`,
      ])
    else if (!seen.has(facts.subject))
      found.push(['revocations_missing', ` has no list of the authority \`${subject}\``])
    const ofIssuer = lists.find(({ list }) => list.issuer === facts?.issuer)
    if (facts !== null && ofIssuer?.list.serials.has(facts.serial)) {
      found.push([
        'authority_revoked',
        `: the authority \`${subject}\` itself was revoked; take it out of \`listen.tls.client_ca\``,
      ])
    }
  }
  return found
}

/** Signature algorithms by their object identifiers: the digest, null where the algorithm has its own. */
const DIGESTS: ReadonlyMap<string, string | null> = new Map([
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2b6570', null],
])

function isSigned({ signed, algorithm, signature }: Omit<SignedList, 'list'>, key: KeyObject): boolean {
  const digest = DIGESTS.get(algorithm)
  try {
    return digest !== undefined && verify(digest, signed, key, signature)
  } catch {
    return false
  }
}

/** Settings of a config that has no problems. */
export function mtlsSettings(
  written: MtlsConfig | undefined,
  { authorities, revocations, digest }: MtlsRead,
): { readonly mtls?: MtlsSettings } {
  if (written === undefined || authorities === null) return {}
  const { id, name, email, groups, workspace } = written.claims
  const claims = {
    id: id.split('.'),
    name: name.split('.'),
    email: email.split('.'),
    groups: groups.split('.'),
    workspace: workspace?.split('.') ?? null,
  }
  return { mtls: { authorities, claims, revocations, revocationsDigest: digest } }
}
