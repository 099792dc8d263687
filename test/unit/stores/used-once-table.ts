import { NOW } from './store-scene.ts'
import type { StoreRow } from './store-table.ts'

export const USED_ONCE_TABLE: readonly StoreRow[] = [
  [
    'what one has used the other does not use again, for the same purpose',
    async (t, one, other) => {
      t.equal(await other.usedOnce.has('saml', 'd1'), false)
      t.equal(await one.usedOnce.take('saml', 'd1', NOW + 100), true)
      t.equal(await other.usedOnce.has('saml', 'd1'), true)
      t.equal(await other.usedOnce.take('saml', 'd1', NOW + 900), false)
      t.equal(await one.usedOnce.take('saml', 'd1', NOW + 900), false)
      t.equal(await other.usedOnce.take('logout', 'd1', NOW + 100), true, 'for another purpose')
      t.equal(await other.usedOnce.take('saml', 'd2', NOW + 100), true, 'the twin')
    },
  ],
  [
    'of those that use it at once one does',
    async (t, one, other) => {
      const stores = [one, other, one, other]
      const taken = await Promise.all(stores.map(({ usedOnce }) => usedOnce.take('attempt', 'd1', NOW + 100)))
      t.same(taken.filter(Boolean), [true])
    },
  ],
  [
    'what was used is forgotten when nobody would take it, and not before',
    async (t, one, other) => {
      await one.usedOnce.take('saml', 'd1', NOW + 100)
      await one.usedOnce.take('saml', 'd2', NOW + 200)
      t.equal(await other.usedOnce.purge(NOW + 99), 0)
      t.equal(await other.usedOnce.purge(NOW + 100), 1)
      t.same([await one.usedOnce.has('saml', 'd1'), await one.usedOnce.has('saml', 'd2')], [false, true])
    },
  ],
]
