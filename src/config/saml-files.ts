import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import type { Problem } from '../model/problem.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { SamlKey } from '../model/saml-settings.ts'
import { Secret } from '../model/secret.ts'
import type { Draft } from '../schema/draft.ts'
import type { SecretReference } from '../schema/parts.ts'
import { readText } from './read-file.ts'
import { browserFault } from './saml-check.ts'
import { type IdpMetadata, readIdpMetadata } from './saml-metadata.ts'
import type { SamlConfig } from './saml-schema.ts'
import type { Environment } from './secrets.ts'

/** What stands in the files of one provider. */
export interface SamlMaterial {
  readonly metadata: IdpMetadata | null
  readonly idpCerts: readonly string[]
  readonly signing: SamlKey | null
  readonly decryption: SamlKey | null
}

/** `entries`: by their place. `files` are watched, `digest` is of their content. */
export interface SamlRead {
  readonly entries: readonly (SamlMaterial | undefined)[]
  readonly problems: readonly Problem[]
  readonly files: readonly string[]
  readonly digest: string
}

const LEAST_RSA_BITS = 2048

/**
 * Reads certificates, metadata and keys of all providers. `env` null: keys are not looked for. Problems never repeat what
 * is in a file.
 */
export async function readSaml(
  entries: readonly (Draft<SamlConfig> | undefined)[],
  base: string,
  env: Environment | null,
  nowMs: number,
): Promise<SamlRead> {
  const problems: Problem[] = []
  const files: string[] = []
  const hash = createHash('sha256')
  const read: (SamlMaterial | undefined)[] = []
  for (const [index, entry] of entries.entries()) {
    if (entry === undefined) read.push(undefined)
    else read.push(await new Reading(['identity', 'saml', index], base, env, nowMs, problems, files, hash).entry(entry))
  }
  return { entries: read, problems, files, digest: files.length === 0 ? '' : hash.digest('hex') }
}

/** Of one entry: what is found on the way goes into the three lists of all of them. */
class Reading {
  readonly #path: Problem['path']
  readonly #base: string
  readonly #env: Environment | null
  readonly #nowMs: number
  readonly #problems: Problem[]
  readonly #files: string[]
  readonly #hash: { update(text: string): unknown }

  constructor(
    path: Problem['path'],
    base: string,
    env: Environment | null,
    nowMs: number,
    problems: Problem[],
    files: string[],
    hash: { update(text: string): unknown },
  ) {
    this.#path = path
    this.#base = base
    this.#env = env
    this.#nowMs = nowMs
    this.#problems = problems
    this.#files = files
    this.#hash = hash
  }

  async entry(entry: Draft<SamlConfig>): Promise<SamlMaterial> {
    const metadata = await this.#metadata(entry)
    const own = await this.#certificates('idp_cert', entry.idp_cert?.file)
    const isFromMetadata = entry.idp_cert === undefined && metadata !== null
    const idpCerts = isFromMetadata ? this.#sound(metadata.certs, 'metadata') : own
    return {
      metadata,
      idpCerts,
      signing: await this.#key('signing', entry),
      decryption: await this.#key('decryption', entry),
    }
  }

  async #metadata(entry: Draft<SamlConfig>): Promise<IdpMetadata | null> {
    const named = entry.metadata?.file
    const text = named === undefined ? null : await this.#text(named, ['metadata', 'file'])
    if (named === undefined || text === null) return null
    const read = readIdpMetadata(text)
    if (!read.ok) {
      this.#wrong(['metadata', 'file'], 'invalid_metadata', `\`${named}\` ${read.fault}`)
      return null
    }
    const { certs, entryPoints, logoutUrl } = read.value
    const binding = entry.binding ?? 'redirect'
    const address = entry.entry_point ?? entryPoints[binding]
    if (address === null)
      this.#wrong(['metadata', 'file'], 'invalid_metadata', `\`${named}\` has no address for \`binding: ${binding}\``)
    if (entry.idp_cert === undefined && certs.length === 0)
      this.#wrong(['metadata', 'file'], 'invalid_metadata', `\`${named}\` has no certificate that it signs with`)
    for (const one of [entry.entry_point === undefined ? address : null, entry.logout_url ? null : logoutUrl]) {
      const fault = one === null ? null : browserFault(one, entry.allow_insecure ?? false)
      if (fault !== null)
        this.#wrong(['metadata', 'file'], fault.code, `\`${named}\` has an address that ${fault.message}`)
    }
    return read.value
  }

  async #certificates(key: string, named: string | undefined): Promise<readonly string[]> {
    const text = named === undefined ? null : await this.#text(named, [key, 'file'])
    if (text === null || named === undefined) return []
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    if (blocks.length === 0) this.#wrong([key, 'file'], 'invalid_certificates', `\`${named}\`: ${NO_CERTIFICATES}`)
    return this.#sound(blocks, key)
  }

  /** Those of `pems` that signatures can be checked with. A certificate that is over still names a key that is meant. */
  #sound(pems: readonly string[], key: string): readonly string[] {
    const read = pems.flatMap((pem) => certificate(pem) ?? [])
    const place = [key, 'file']
    if (read.length < pems.length) this.#wrong(place, 'invalid_certificates', `\`${key}\`: ${NO_CERTIFICATES}`)
    for (const one of read) {
      const fault = keyFault(one.publicKey)
      if (fault !== null) this.#wrong(place, 'weak_certificate', `\`${key}\`: the key of a certificate ${fault}`)
      const date = one.validToDate.toISOString()
      if (this.#nowMs >= one.validToDate.getTime())
        this.#wrong(
          place,
          'certificate_expired',
          `\`${key}\`: a certificate expired on ${date}: ask for the new one`,
          'warning',
        )
    }
    return read.map((one) => one.toString())
  }

  async #key(use: 'signing' | 'decryption', entry: Draft<SamlConfig>): Promise<SamlKey | null> {
    const [certKey, keyKey] = [`${use}_cert`, `${use}_key`] as const
    const certs = await this.#certificates(certKey, entry[certKey]?.file)
    const reference = entry[keyKey] as SecretReference | undefined
    if (this.#env === null || reference === undefined) return null
    const text = await this.#secret(reference, keyKey)
    if (text === null) return null
    const key = privateKey(text)
    if (!key.ok) {
      this.#wrong([keyKey], 'invalid_key', `\`${keyKey}\` ${key.fault}`)
      return null
    }
    const [cert] = certs
    if (cert !== undefined && !new X509Certificate(cert).checkPrivateKey(key.value))
      this.#wrong([keyKey], 'key_mismatch', `\`${keyKey}\` does not belong to the first certificate of \`${certKey}\``)
    return { key: new Secret(text), cert: cert ?? null }
  }

  async #secret(reference: SecretReference, key: string): Promise<string | null> {
    if ('file' in reference) return this.#text(reference.file, [key, 'file'])
    const value = this.#env !== null && Object.hasOwn(this.#env, reference.env) ? this.#env[reference.env] : undefined
    if (value !== undefined) {
      this.#hash.update(createHash('sha256').update(value).digest('hex'))
      return value
    }
    const message = `the environment variable \`${reference.env}\` is not set; set it before the start`
    this.#wrong([key, 'env'], 'secret_missing', message)
    return null
  }

  async #text(named: string, place: readonly string[]): Promise<string | null> {
    const file = resolve(this.#base, named)
    this.#files.push(file)
    const read = await readText(file)
    if (read.ok) this.#hash.update(read.digest)
    else
      this.#wrong(place, read.code === 'file_unreadable' ? 'file_missing' : read.code, `\`${named}\`: ${read.message}`)
    return read.ok ? read.text : null
  }

  #wrong(place: readonly string[], code: string, message: string, severity: Problem['severity'] = 'error'): void {
    this.#problems.push({ path: [...this.#path, ...place], severity, code, message })
  }
}

const NO_CERTIFICATES = 'must hold certificates (PEM), and nothing that is none'

function certificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}

function privateKey(pem: string): Result<KeyObject, string> {
  try {
    const key = createPrivateKey(pem)
    const fault = keyFault(key)
    return fault === null ? ok(key) : failed(fault)
  } catch {
    return failed('names no private key in PEM without a passphrase')
  }
}

/** Signatures and encryption of SAML are those of RSA here. */
function keyFault({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | null {
  if (type !== 'rsa') return 'must be one of RSA'
  return (details?.modulusLength ?? 0) < LEAST_RSA_BITS ? `must have at least ${LEAST_RSA_BITS} bits` : null
}
