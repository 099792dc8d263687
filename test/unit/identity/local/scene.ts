import { join } from 'node:path'
import type { Test } from 'tap'
import { hashSecret } from '../../../../src/identity/argon2.ts'
import { type Identity, type IdentityReport, openIdentity } from '../../../../src/identity/authenticate.ts'
import { canonicalPassword } from '../../../../src/identity/local/password-form.ts'
import type { IdentityPorts, IdentitySettings } from '../../../../src/identity/method.ts'
import type { StoredUser } from '../../../../src/model/accounts.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { folder, NOW, open } from '../../stores/store-scene.ts'

export const PASSWORD = 'a long one of Alice'
export const SETTINGS: IdentitySettings = { issuers: [], apiKeys: { enabled: false }, local: { enabled: true } }

/** One hash for all users: it is the slow part. */
const hashed = hashSecret(PASSWORD)

export const user = async (name: string, more: Partial<StoredUser> = {}): Promise<StoredUser> => ({
  name,
  display: 'Alice A.',
  email: 'alice@example.org',
  groups: ['analysts'],
  roles: ['auditor'],
  workspace: 'research',
  hash: await hashed,
  disabledAt: null,
  changedAt: NOW,
  createdAt: NOW,
  ...more,
})

export const hashOf = (password: string): Promise<string> => hashSecret(canonicalPassword(password))

/** A process, or several that share a store, in which alice is. Nobody is made to wait for a refusal. */
export async function scene(t: Test, more: Partial<IdentityPorts> = {}) {
  const clock = { now: NOW }
  const reports: IdentityReport[] = []
  const file = join(folder(t), 'store.db')
  const store = open(t, file)
  await store.users.create(await user('alice'))
  const process = (own: IdentityPorts['accounts'] = store, settings = SETTINGS, previous?: Identity) => {
    const ports: IdentityPorts = {
      clock: () => clock.now,
      keys: null,
      accounts: own,
      report: (report) => void reports.push(report),
      schedule: (_, run) => {
        queueMicrotask(run)
        return () => undefined
      },
      ...more,
    }
    const identity = openIdentity(settings, ports, previous)
    t.teardown(() => identity.close())
    return identity
  }
  const identity = process()
  const verify = async (username: string, password: string, client = '192.0.2.1', by = identity) =>
    by.authenticate({ kind: 'basic', username, password: new Secret(password) }, client)
  /** In one word. */
  const says = async (...args: Parameters<typeof verify>) => {
    const verification = await verify(...args)
    return verification.outcome === 'verified' ? 'verified' : verification.reason
  }
  return { clock, reports, file, store, process, identity, verify, says }
}
