import { foldedName } from '../model/folded-name.ts'
import type { Clock } from '../model/ports.ts'
import type { Deprovisioner, ScimBy } from '../model/scim.ts'
import type { KeyStore } from '../stores/keys.ts'

/** No token that anybody accepts lives longer. There is one row a person. */
const REVOKED_MS = 400 * 86_400_000
const LOCAL = 'local'

type Kept = Pick<KeyStore, 'revocations' | 'users' | 'list' | 'revoke'>

/**
 * What follows where an identity provider disables or removes people of a source. Everything may be asked for twice.
 * `source`: its configured name, asked for anew each time.
 */
export function openDeprovisioner(source: () => string, store: () => Kept | null, clock: Clock): Deprovisioner {
  const opened = () => {
    const open = store()
    if (open === null) throw new Error('no store is open')
    return open
  }
  const disabled = async (id: string, by: ScimBy) => {
    const now = clock()
    const value = { kind: 'subject', issuer: source(), value: id } as const
    await opened().revocations.add({ ...value, before: now, at: now, expiresAt: now + REVOKED_MS }, by)
    if (source() === LOCAL) await setLocal(opened(), id, now, now, by)
  }
  return {
    disabled,
    enabled: async (id, by) => {
      if (source() === LOCAL) await setLocal(opened(), id, null, clock(), by)
    },
    removed: async (id, by) => {
      await disabled(id, by)
      await endKeys(opened(), id, clock(), by)
    },
  }
}

/** A user of the store, by a name that looks like this one. */
async function setLocal({ users }: Kept, name: string, at: number | null, now: number, by: ScimBy): Promise<void> {
  const user = await users.findFolded(name)
  if (user !== undefined && (user.disabledAt === null) !== (at === null)) await users.disable(user.name, at, now, by)
}

async function endKeys(store: Kept, owner: string, now: number, by: ScimBy): Promise<void> {
  const folded = foldedName(owner)
  for (const key of await store.list()) {
    if (key.revokedAt === null && foldedName(key.owner) === folded) await store.revoke(key.id, now, by)
  }
}
