import type { ObjectScope, Sealer, StoredSealingKey } from '../../src/model/sealing.ts'
import { Secret } from '../../src/model/secret.ts'
import { type Ownership, openKeyRing, openSealer } from '../../src/shape/seal.ts'

export const NOW = 1_790_000_000_000

/** A sealing key that is the same in every run. */
export function storedKey(kid: string, more: Partial<StoredSealingKey> = {}): StoredSealingKey {
  const secret = new Secret(Buffer.alloc(32, kid).toString('base64url'))
  return { kid, secret, createdAt: NOW, sealsFrom: NOW, ...more }
}

export const research: ObjectScope = { kind: 'workspace', workspace: 'research' }

export function sealerOf(more: Partial<Ownership> = {}, keys = [storedKey('aaaaaa')], now = NOW): Sealer {
  return openSealer(openKeyRing(keys, now), { upstream: 'one', isolation: 'workspace', scope: research, ...more })
}

export function sealed(id: string, sealer = sealerOf(), mark?: string): string {
  const suffix = sealer.suffix(id, mark)
  if (suffix === null) throw new Error(`\`${id}\` cannot be sealed`)
  return id + suffix
}
