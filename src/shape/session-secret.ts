import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { StatedCredential } from '../model/identity.ts'
import { isJsonObject, type JsonObject, ownValue } from '../model/json.ts'
import { Secret } from '../model/secret.ts'
import { type KeyRing, KID_LENGTH } from './seal.ts'

/** What one secret opens, and for whom. */
export interface SessionGrant {
  /** The operation that it opens. */
  readonly operation: string
  readonly upstream: { readonly name: string; readonly url: string }
  /** The one that was decided; null where none was named. */
  readonly model: string | null
  /** The name that the client used for it; null where it used that very name. */
  readonly alias: string | null
  /** The one that the provider told of; null where it told of none. */
  readonly told: string | null
  /** The workspace that the caller asked for; null where it did not. */
  readonly project: string | null
  /** Of the caller that the secret was made for: who is verified again at each use. */
  readonly credential: StatedCredential
  /** By which the provider knows the session. */
  readonly providerSecret: Secret
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** What all of these begin with; the digit is the version of what is behind it. */
const PREFIX = 'ek_sp1'
const PURPOSE = 'sallyport session secret 1'
/** Of the nonce that each sealing takes. */
export const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_LENGTH = PREFIX.length + KID_LENGTH
/** What every reader takes in one header. Unit: characters. */
export const MAX_SECRET_LENGTH = 8 * 1024
const FORM = /^ek_sp1[A-Za-z0-9]{6}[A-Za-z0-9_-]+$/

/** What the secrets of sessions begin with, those of providers among them: no credential of anything else does. */
export function isSessionSecret(token: string): boolean {
  return token.startsWith('ek_')
}

/**
 * A secret that holds its grant, encrypted and authenticated (AES-256-GCM) under a key of the store. Null where it would
 * be too long to be sent. `nonce`: 12 bytes that were never used before.
 */
export function sealSessionSecret({ sealing }: KeyRing, grant: SessionGrant, nonce: Buffer): Secret | null {
  if (nonce.length !== NONCE_BYTES) throw new Error('a nonce has 12 bytes')
  const head = PREFIX + sealing.kid
  const cipher = createCipheriv('aes-256-gcm', sealing.derived(PURPOSE), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(head))
  const sealed = Buffer.concat([nonce, cipher.update(written(grant), 'utf8'), cipher.final(), cipher.getAuthTag()])
  const secret = head + sealed.toString('base64url')
  return secret.length > MAX_SECRET_LENGTH ? null : new Secret(secret)
}

/**
 * What a secret grants; null for everything that was not sealed by a key of this ring, and for what has expired, without
 * a reason. `now`: epoch milliseconds. Never throws.
 */
export function openSessionSecret({ byKid }: KeyRing, token: string, now: number): SessionGrant | null {
  if (token.length > MAX_SECRET_LENGTH || !FORM.test(token)) return null
  const head = token.slice(0, HEAD_LENGTH)
  const key = byKid.get(head.slice(PREFIX.length))
  const bytes = Buffer.from(token.slice(HEAD_LENGTH), 'base64url')
  // One spelling: what decodes to the same bytes is another text, and nobody made it.
  if (key === undefined || bytes.toString('base64url') !== token.slice(HEAD_LENGTH)) return null
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return null
  const cipher = createDecipheriv('aes-256-gcm', key.derived(PURPOSE), bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  cipher.setAAD(Buffer.from(head))
  cipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  try {
    const text = cipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES))
    const grant = read(Buffer.concat([text, cipher.final()]).toString('utf8'))
    return grant !== null && now < grant.expiresAt ? grant : null
  } catch {
    return null
  }
}

function written(grant: SessionGrant): string {
  const { operation, upstream, model, alias, told, project, credential, providerSecret, expiresAt } = grant
  const presented =
    credential.kind === 'token'
      ? { place: credential.place, token: credential.token.reveal() }
      : { username: credential.username, password: credential.password.reveal() }
  const { name, url } = upstream
  const secret = providerSecret.reveal()
  return JSON.stringify({ operation, name, url, model, alias, told, project, presented, secret, expiresAt })
}

/** Null for what is not of this version. */
function read(text: string): SessionGrant | null {
  const value: unknown = JSON.parse(text)
  if (!isJsonObject(value)) return null
  const [operation, name, url, secret] = ['operation', 'name', 'url', 'secret'].map((key) => textOf(value, key))
  const [model, alias, told, project] = ['model', 'alias', 'told', 'project'].map((key) =>
    ownValue(value, key) === null ? null : textOf(value, key),
  )
  const expiresAt = ownValue(value, 'expiresAt')
  const credential = credentialOf(ownValue(value, 'presented'))
  if (operation === undefined || name === undefined || url === undefined || secret === undefined) return null
  if (model === undefined || alias === undefined || told === undefined || project === undefined) return null
  if (credential === null) return null
  if (typeof expiresAt !== 'number' || !Number.isSafeInteger(expiresAt)) return null
  const upstream = { name, url }
  const providerSecret = new Secret(secret)
  return { operation, upstream, model, alias, told, project, credential, providerSecret, expiresAt }
}

const PLACES = ['authorization', 'x-api-key', 'api-key', 'subprotocol'] as const

function credentialOf(presented: unknown): StatedCredential | null {
  if (!isJsonObject(presented)) return null
  const [token, username, password] = ['token', 'username', 'password'].map((key) => textOf(presented, key))
  const place = PLACES.find((one) => one === ownValue(presented, 'place'))
  if (token !== undefined && place !== undefined) return { kind: 'token', place, token: new Secret(token) }
  if (username === undefined || password === undefined) return null
  return { kind: 'basic', username, password: new Secret(password) }
}

function textOf(value: JsonObject, key: string): string | undefined {
  const text = ownValue(value, key)
  return typeof text === 'string' ? text : undefined
}
