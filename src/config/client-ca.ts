import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import type { Problem } from '../model/problem.ts'
import { readText } from './read-file.ts'

/** What is read of the authorities of client certificates; null where they are not to be had. */
export interface ClientCaRead {
  readonly pem: string | null
  readonly problems: readonly Problem[]
  readonly files: readonly string[]
  readonly digest: string
}

const PATH = ['listen', 'tls', 'client_ca', 'file'] as const
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Reads the certificates of authorities, and whether they are some. Does not check: who signed them. */
export async function readClientCa(named: string | undefined, base: string, nowMs: number): Promise<ClientCaRead> {
  if (named === undefined) return { pem: null, problems: [], files: [], digest: '' }
  const file = resolve(base, named)
  const read = await readText(file)
  const problem = (code: string, message: string, severity: Problem['severity'] = 'error'): Problem => ({
    path: PATH,
    severity,
    code,
    message: `\`${named}\`${message}`,
  })
  if (!read.ok) return { pem: null, problems: [problem(read.code, `: ${read.message}`)], files: [file], digest: '' }
  const certificates = certificatesIn(read.text)
  const none = ' must hold certificates (PEM) of those who sign the certificates of clients, and nothing that is none'
  const problems: Problem[] = certificates === null ? [problem('invalid_certificates', none)] : []
  for (const { ca, subject, validToDate } of certificates ?? []) {
    const name = subject.replace(/\n/g, ', ')
    if (!ca) problems.push(problem('no_authority', `: \`${name}\` may not sign certificates; it is no authority`))
    if (nowMs < validToDate.getTime()) continue
    problems.push(problem('certificate_expired', `: \`${name}\` has expired: what it signed is refused`, 'warning'))
  }
  const isSound = problems.every(({ severity }) => severity !== 'error')
  return { pem: isSound ? read.text : null, problems, files: [file], digest: read.digest }
}

/** Null for a text without any, or with one that cannot be read. */
export function certificatesIn(pem: string): readonly X509Certificate[] | null {
  const blocks = pem.match(CERTIFICATE)
  if (blocks === null || blocks.length !== pem.match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE/g)?.length) return null
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return null
  }
}
