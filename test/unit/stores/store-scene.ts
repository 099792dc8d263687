import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { StoredKey } from '../../../src/model/ports.ts'
import { type KeyStore, openKeyStore } from '../../../src/stores/keys.ts'

export const NOW = 1_790_000_000_000

export function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-store-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function open(t: Test, file: string): KeyStore<'sync'> {
  const store = openKeyStore(file)
  if (!store.ok) throw new Error(store.fault)
  t.teardown(() => store.value.close())
  return store.value
}

export const key = (id: string, more: Partial<StoredKey> = {}): StoredKey => ({
  id,
  owner: 'bob',
  roles: ['a', 'b'],
  groups: [],
  workspace: null,
  networks: [],
  models: [],
  hash: 'h',
  tag: 't',
  createdAt: NOW,
  expiresAt: null,
  revokedAt: null,
  rotatedFrom: null,
  lastUsedAt: null,
  ...more,
})
