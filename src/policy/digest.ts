// The one Node builtin of the policy core: a hash is a pure function of its input (no I/O, no clock, no randomness),
// and a second implementation of SHA-256 would be ours to get wrong.
import { createHash } from 'node:crypto'

/** `sha256:…` of several files, by the digests of their bytes: the order and the names of files make no difference. */
export function digestOf(digests: readonly string[]): string {
  const hash = createHash('sha256')
  for (const digest of [...digests].sort()) hash.update(`${digest}\n`)
  return `sha256:${hash.digest('hex')}`
}
