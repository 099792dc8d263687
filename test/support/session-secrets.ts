import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Secret } from '../../src/model/secret.ts'
import { openKeyRing } from '../../src/shape/seal.ts'
import { type SessionGrant, sealSessionSecret } from '../../src/shape/session-secret.ts'
import { openKeyStore } from '../../src/stores/keys.ts'
import { MODEL, type RealtimeWorld } from './realtime-world.ts'

/** The provider's own: it may appear nowhere but in what goes upstream. */
export const PROVIDER_SECRET = 'ek_provider_0123456789abcdefghij'

/** A secret as the proxy makes them, by a key of its store. */
export async function sessionSecret(
  world: RealtimeWorld,
  { token, ...more }: Partial<SessionGrant> & { readonly token?: string } = {},
): Promise<string> {
  world.secrets.add(PROVIDER_SECRET)
  const store = openKeyStore(join(world.proxy.folder, 'data/sallyport.db'))
  if (!store.ok) throw new Error(store.fault)
  const ring = openKeyRing(store.value.sealing.usable(), Date.now())
  store.value.close()
  const grant: SessionGrant = {
    operation: 'realtime',
    upstream: { name: 'mock', url: world.provider.url },
    model: MODEL,
    alias: null,
    told: null,
    project: null,
    credential: { kind: 'token', place: 'authorization', token: new Secret(token ?? (await world.token())) },
    providerSecret: new Secret(PROVIDER_SECRET),
    expiresAt: Date.now() + 600_000,
    ...more,
  }
  const secret = sealSessionSecret(ring, grant, randomBytes(12))
  if (secret === null) throw new Error('too long')
  world.secrets.add(secret.reveal())
  return secret.reveal()
}

/** What the provider has set up, as it tells of it. */
export const SET_UP = { model: MODEL, max_output_tokens: 500, tools: [{ type: 'function', name: 'search' }] } as const
