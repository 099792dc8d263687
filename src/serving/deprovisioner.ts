import { foldedName } from '../model/folded-name.ts'
import type { Clock } from '../model/ports.ts'
import type { Deprovisioner, ScimBy, ScimMatch } from '../model/scim.ts'
import type { KeyStore } from '../stores/keys.ts'

/** No token that anybody accepts lives longer. There is one row a person. */
const REVOKED_MS = 400 * 86_400_000
const LOCAL = 'local'

interface People {
  readonly source: string
  readonly match: ScimMatch
}

type Kept = Pick<KeyStore, 'revocations' | 'users' | 'list' | 'revoke'>

/**
 * What follows where an identity provider disables or removes people of a source. Everything may be asked for twice.
 * `people`: their source's configured name and what of them its credentials show, asked for anew each time.
 */
export function openDeprovisioner(people: () => People, store: () => Kept | null, clock: Clock): Deprovisioner {
  const opened = () => {
    const open = store()
    if (open === null) throw new Error('no store is open')
    return open
  }
  const disabled = async (id: string, by: ScimBy) => {
    const now = clock()
    const { source, match } = people()
    // What was issued may write the name in another way than the provider does.
    const subject = { kind: 'subject', issuer: source, value: id, isOfAnySpelling: match === 'userName' } as const
    await opened().revocations.add({ ...subject, before: now, at: now, expiresAt: now + REVOKED_MS }, by)
    if (source === LOCAL) await setLocal(opened(), id, now, now, by)
  }
  return {
    disabled,
    enabled: async (id, by) => {
      if (people().source === LOCAL) await setLocal(opened(), id, null, clock(), by)
    },
    removed: async (id, by) => {
      await disabled(id, by)
      await endKeys(opened(), id, people().match, clock(), by)
    },
  }
}

/** A user of the store, by a name that looks like this one. */
async function setLocal({ users }: Kept, name: string, at: number | null, now: number, by: ScimBy): Promise<void> {
  const user = await users.findFolded(name)
  if (user !== undefined && (user.disabledAt === null) !== (at === null)) await users.disable(user.name, at, now, by)
}

async function endKeys(store: Kept, owner: string, match: ScimMatch, now: number, by: ScimBy): Promise<void> {
  const compared = match === 'userName' ? foldedName : (name: string) => name
  for (const key of await store.list()) {
    if (key.revokedAt === null && compared(key.owner) === compared(owner)) await store.revoke(key.id, now, by)
  }
}
