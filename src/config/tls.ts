import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { type Static, Type } from 'typebox'
import type { Problem } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'
import type { TlsSettings } from '../model/settings.ts'
import type { Draft } from '../schema/draft.ts'
import { closed, fallback, type SecretReference, secretReference, text, word } from '../schema/parts.ts'
import type { ClientCaRead } from './client-ca.ts'
import { readText } from './read-file.ts'
import type { Environment } from './secrets.ts'

const file = (description: string) => closed(description, { file: text('the path of the file, relative to this one') })

/** What makes the proxy's listener speak TLS. */
export const tlsSchema = closed('TLS of the proxy; without it the listener speaks plain HTTP', {
  cert: file('its certificate and those that lead to a root, PEM'),
  key: Type.Unsafe<SecretReference>({ ...secretReference, description: 'the private key of the certificate, PEM' }),
  client_ca: Type.Optional(file('the authorities of client certificates, PEM; asks clients for one')),
  min_version: fallback(word('the oldest version that it speaks', ['TLSv1.2', 'TLSv1.3']), 'TLSv1.2'),
})
type TlsConfig = Static<typeof tlsSchema>

/** What is read for TLS. `files` are watched, `digest` is of their content; null settings where there are none to be had. */
export interface TlsRead {
  readonly settings: TlsSettings | null
  readonly problems: readonly Problem[]
  readonly files: readonly string[]
  readonly digest: string
}

const PATH = ['listen', 'tls'] as const
const ABSENT: TlsRead = { settings: null, problems: [], files: [], digest: '' }

/**
 * Reads certificate and key, and whether they belong together. `env` null: the key is not looked for. Problems never
 * repeat what is in a file.
 *
 * Does not check: who signed the certificate, and for which names.
 */
export async function readTls(
  written: Draft<TlsConfig> | undefined,
  base: string,
  env: Environment | null,
  nowMs: number,
  { pem, problems: ofClientCa, files: caFiles, digest: caDigest }: ClientCaRead,
): Promise<TlsRead> {
  const named = written?.cert?.file
  if (written === undefined || named === undefined) return ABSENT
  const certFile = resolve(base, named)
  const reference = written.key as SecretReference | undefined
  const keyFile = reference && 'file' in reference ? [resolve(base, reference.file)] : []
  const files = [certFile, ...keyFile, ...caFiles]
  const read = await readText(certFile)
  if (!read.ok)
    return {
      ...ABSENT,
      files,
      problems: [problem(['cert', 'file'], read.code, `\`${named}\`: ${read.message}`), ...ofClientCa],
    }
  const problems = [...certificateProblems(read.text, named, nowMs), ...ofClientCa]
  if (env === null || reference === undefined) return { ...ABSENT, files, problems, digest: read.digest }
  const key = await readKey(reference, base, env)
  if (typeof key !== 'string') return { ...ABSENT, files, problems: [...problems, key] }
  const unfit = pairProblem(read.text, key)
  if (unfit) problems.push(unfit)
  const digest = createHash('sha256').update(read.digest).update(key).update(caDigest).digest('hex')
  const minVersion = written.min_version ?? 'TLSv1.2'
  const asked = pem === null ? {} : { clientCa: pem }
  const settings = isSound(problems) ? { cert: read.text, key: new Secret(key), minVersion, ...asked } : null
  return { settings, problems, files, digest }
}

function isSound(problems: readonly Problem[]): boolean {
  return problems.every(({ severity }) => severity !== 'error')
}

function certificateProblems(pem: string, named: string, nowMs: number): Problem[] {
  const path = ['cert', 'file']
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch {
    return [
      problem(path, 'invalid_certificate', `\`${named}\` holds no certificate in PEM; it must be the first there`),
    ]
  }
  const { validFromDate, validToDate } = certificate
  if (nowMs >= validToDate.getTime()) {
    const message = `the certificate in \`${named}\` expired on ${validToDate.toISOString()}: clients refuse it`
    return [problem(path, 'certificate_expired', message, 'warning')]
  }
  if (nowMs >= validFromDate.getTime()) return []
  const message = `the certificate in \`${named}\` is valid from ${validFromDate.toISOString()} on: clients refuse it now`
  return [problem(path, 'certificate_not_yet_valid', message, 'warning')]
}

async function readKey(reference: SecretReference, base: string, env: Environment): Promise<string | Problem> {
  if ('file' in reference) {
    const read = await readText(resolve(base, reference.file))
    return read.ok ? read.text : problem(['key', 'file'], read.code, `\`${reference.file}\`: ${read.message}`)
  }
  const value = Object.hasOwn(env, reference.env) ? env[reference.env] : undefined
  if (value !== undefined) return value
  const message = `the environment variable \`${reference.env}\` is not set; set it before the start`
  return problem(['key', 'env'], 'secret_missing', message)
}

function pairProblem(cert: string, key: string): Problem | null {
  try {
    createPrivateKey(key)
  } catch {
    return problem(['key'], 'invalid_key', '`key` names no private key in PEM without a passphrase')
  }
  try {
    createSecureContext({ cert, key })
    return null
  } catch {
    return problem(['key'], 'key_mismatch', '`key` does not belong to the first certificate of `cert`, or is too weak')
  }
}

function problem(
  path: readonly string[],
  code: string,
  message: string,
  severity: Problem['severity'] = 'error',
): Problem {
  return { path: [...PATH, ...path], severity, code, message }
}
