import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import type { Problem } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'
import type { Draft } from '../schema/draft.ts'
import { readText } from './read-file.ts'
import type { TokensConfig } from './tokens-schema.ts'

/** PEM, by the absolute path of its file. */
export type TokenKeyTexts = ReadonlyMap<string, Secret>

/** `files` are watched; `digests` are of their content. */
export interface TokenKeysRead {
  readonly texts: TokenKeyTexts
  readonly problems: readonly Problem[]
  readonly files: readonly string[]
  readonly digests: readonly string[]
}

type Path = Problem['path']

const MAKE_ONE = 'make one with `openssl genpkey -algorithm ed25519`'

/** Reads the keys that sign tokens, and looks whether they can. Problems never repeat what is in a file. */
export async function readTokenKeys(written: Draft<TokensConfig> | undefined, base: string): Promise<TokenKeysRead> {
  const at: Path = ['identity', 'tokens']
  const named: [Path, string | undefined][] = [
    [[...at, 'key', 'file'], written?.key?.file],
    ...(written?.previous ?? []).map((entry, index): [Path, string | undefined] => {
      return [[...at, 'previous', index, 'file'], entry?.file]
    }),
  ]
  const texts = new Map<string, Secret>()
  const problems: Problem[] = []
  const files: string[] = []
  const digests: string[] = []
  const known = new Set<string>()
  for (const [path, name] of named) {
    if (name === undefined) continue
    const file = resolve(base, name)
    files.push(file)
    const wrong = (code: string, message: string) =>
      problems.push({ path, severity: 'error', code, message: `\`${name}\`: ${message}` })
    const read = await readText(file)
    if (!read.ok) {
      wrong(read.code, read.message)
      continue
    }
    digests.push(read.digest)
    const key = signingKey(read.text)
    if (typeof key === 'string') wrong('invalid_key', key)
    else if (known.has(fingerprint(key))) wrong('duplicate', 'this key stands here twice; each one needs to stand once')
    else {
      known.add(fingerprint(key))
      texts.set(file, new Secret(read.text))
    }
  }
  return { texts, problems, files, digests }
}

/** The key, or what is wrong with it, for people. */
function signingKey(pem: string): KeyObject | string {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    return 'the key is encrypted; take its passphrase away with `openssl pkey -in FILE -out FILE`'
  }
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
    return `the key is of type \`${key.asymmetricKeyType}\`; it must be an Ed25519 key: ${MAKE_ONE}`
  } catch {
    return isPublic(pem)
      ? `the file holds a public key alone, which cannot sign; it must hold the private key: ${MAKE_ONE}`
      : `the file holds no private key in PEM: ${MAKE_ONE}`
  }
}

function isPublic(pem: string): boolean {
  try {
    return createPublicKey(pem).type === 'public'
  } catch {
    return false
  }
}

function fingerprint(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
}
