import type { RefreshFamily, WaitingDevice } from '../../../src/model/device.ts'
import { NOW } from './store-scene.ts'
import type { StoreRow } from './store-table.ts'

const device: WaitingDevice = {
  device: 'd1',
  user: 'u1',
  client: '192.0.2.1',
  network: '192.0.2.1',
  wish: '{}',
  createdAt: NOW,
  expiresAt: NOW + 600_000,
}
const LIMITS = { all: 10, ofNetwork: 3 }
const named = (name: string, more: Partial<WaitingDevice> = {}) => ({
  ...device,
  device: `d${name}`,
  user: `u${name}`,
  ...more,
})

const codes: readonly StoreRow[] = [
  [
    'a terminal that one has noted is found by the other, until it is over',
    async (t, one, other) => {
      t.equal(await one.deviceCodes.add(device, LIMITS), 'added')
      t.same(await other.deviceCodes.find('user', 'u1', NOW), device)
      t.same(await other.deviceCodes.find('device', 'd1', NOW + 599_999), device)
      t.equal(await other.deviceCodes.find('user', 'd1', NOW), undefined)
      t.equal(await other.deviceCodes.find('user', 'u1', NOW + 600_000), undefined)
      t.same(await other.deviceCodes.poll('d1', 5000, NOW + 600_000), { state: 'expired' })
      t.equal(await other.deviceCodes.decide('d1', 'sealed', NOW + 600_000), false)
      t.equal(await one.deviceCodes.purge(NOW + 1_199_999), 0)
      t.equal(await one.deviceCodes.purge(NOW + 1_200_000), 1)
      t.same(await other.deviceCodes.poll('d1', 5000, NOW + 1_200_000), { state: 'unknown' })
    },
  ],
  [
    'no two terminals wait with one code',
    async (t, one, other) => {
      t.equal(await one.deviceCodes.add(device, LIMITS), 'added')
      t.equal(await other.deviceCodes.add(named('2', { user: 'u1' }), LIMITS), 'taken')
      t.equal(await other.deviceCodes.add(named('3', { device: 'd1' }), LIMITS), 'taken')
      t.equal(await other.deviceCodes.add(named('2'), LIMITS), 'added', 'the twin')
    },
  ],
  [
    'so many may wait, of one network fewer, and what is over counts no more',
    async (t, one, other) => {
      for (const name of ['1', '2', '3']) t.equal(await one.deviceCodes.add(named(name), LIMITS), 'added')
      t.equal(await other.deviceCodes.add(named('4'), LIMITS), 'full')
      t.equal(await other.deviceCodes.add(named('4', { network: 'n2' }), LIMITS), 'added', 'the twin')
      t.equal(await other.deviceCodes.add(named('5', { network: 'n3' }), { all: 4, ofNetwork: 3 }), 'full')
      const later = { createdAt: NOW + 600_000, expiresAt: NOW + 1_200_000 }
      t.equal(await other.deviceCodes.add(named('5', later), { all: 4, ofNetwork: 3 }), 'added')
    },
  ],
  [
    'of those that decide one does',
    async (t, one, other) => {
      await one.deviceCodes.add(device, LIMITS)
      const decided = await Promise.all([
        one.deviceCodes.decide('d1', 'mine', NOW),
        other.deviceCodes.decide('d1', null, NOW),
        other.deviceCodes.decide('d1', 'theirs', NOW),
      ])
      t.equal(decided.filter(Boolean).length, 1)
      t.equal(await one.deviceCodes.find('user', 'u1', NOW), undefined, 'nobody is asked again')
    },
  ],
  [
    'a code that was refused stays so',
    async (t, one, other) => {
      await one.deviceCodes.add(device, LIMITS)
      t.equal(await other.deviceCodes.decide('d1', null, NOW), true)
      t.same(await one.deviceCodes.poll('d1', 5000, NOW), { state: 'denied' })
      t.equal(await one.deviceCodes.decide('d1', 'sealed', NOW + 1), false)
      t.same(await one.deviceCodes.poll('d1', 5000, NOW + 5000), { state: 'denied' })
    },
  ],
  [
    'who polls too soon is told so by every instance',
    async (t, one, other) => {
      await one.deviceCodes.add(device, LIMITS)
      t.same(await one.deviceCodes.poll('d1', 5000, NOW), { state: 'pending' })
      t.same(await other.deviceCodes.poll('d1', 5000, NOW + 4999), { state: 'too_soon' })
      t.same(await other.deviceCodes.poll('d1', 5000, NOW + 5000), { state: 'pending' })
      t.same(await other.deviceCodes.poll('d1', 5000, NOW - 60_000), { state: 'pending' }, 'a clock that was set back')
      await one.deviceCodes.decide('d1', 'sealed', NOW)
      t.same(await one.deviceCodes.poll('d1', 5000, NOW - 59_000), { state: 'too_soon' }, 'after the approval, too')
    },
  ],
  [
    'of many that poll an approved code one gets what was approved, once',
    async (t, one, other) => {
      await one.deviceCodes.add(device, LIMITS)
      await one.deviceCodes.decide('d1', 'sealed', NOW)
      const polled = await Promise.all([one, other, one, other].map((store) => store.deviceCodes.poll('d1', 0, NOW)))
      t.same(
        polled.filter(({ state }) => state === 'approved'),
        [{ state: 'approved', sealed: 'sealed' }],
      )
      t.same(await other.deviceCodes.poll('d1', 5000, NOW + 9000), { state: 'unknown' })
    },
  ],
]

const family: RefreshFamily = {
  id: 'f1',
  current: 'r1',
  issuer: 'corp',
  subject: "bob'; --",
  sub: 'sub-1',
  session: null,
  createdAt: NOW,
  expiresAt: NOW + 1000,
  tokens: [{ tokenId: 't1', expiresAt: NOW + 100 }],
}

const families: readonly StoreRow[] = [
  [
    'of those that use one refresh token one turns it, and the others have used it again',
    async (t, one, other) => {
      t.equal(await one.refreshFamilies.begin(family), true)
      const turns = await Promise.all(
        [one, other, one, other].map((store, index) => store.refreshFamilies.turn('f1', 'r1', `r2-${index}`, NOW)),
      )
      t.equal(turns.filter(({ state }) => state === 'reused').length, 3)
      const [turned] = turns.filter(({ state }) => state === 'turned')
      t.match(turned, { family: { ...family, current: /^r2-/ } })
    },
  ],
  [
    'a turn that nothing came of is taken back, once',
    async (t, one, other) => {
      await one.refreshFamilies.begin(family)
      await one.refreshFamilies.turn('f1', 'r1', 'r2', NOW)
      await other.refreshFamilies.turnBack('f1', 'r1', 'r9')
      t.match(await other.refreshFamilies.turn('f1', 'r1', 'r3', NOW), { state: 'reused' }, 'not by another')
      await other.refreshFamilies.turnBack('f1', 'r1', 'r2')
      t.match(await one.refreshFamilies.turn('f1', 'r1', 'r3', NOW), { state: 'turned', family: { current: 'r3' } })
    },
  ],
  [
    'a family knows its tokens that may be valid still',
    async (t, one, other) => {
      await one.refreshFamilies.begin(family)
      t.equal(await other.refreshFamilies.note('f1', 'r1', { tokenId: 't2', expiresAt: NOW + 500 }, NOW + 99), true)
      t.equal(await other.refreshFamilies.note('f1', 'r1', { tokenId: 't3', expiresAt: NOW + 900 }, NOW + 100), true)
      t.equal(await other.refreshFamilies.note('f1', 'r0', { tokenId: 't4', expiresAt: NOW + 900 }, NOW), false)
      const ended = await one.refreshFamilies.end('f1')
      t.same(
        ended?.tokens.map(({ tokenId }) => tokenId),
        ['t2', 't3'],
      )
    },
  ],
  [
    'what has ended is unknown everywhere',
    async (t, one, other) => {
      await one.refreshFamilies.begin(family)
      const ended = await Promise.all([one.refreshFamilies.end('f1'), other.refreshFamilies.end('f1')])
      t.equal(ended.filter((found) => found !== undefined).length, 1)
      t.match(await other.refreshFamilies.turn('f1', 'r1', 'r2', NOW), { state: 'unknown' })
      t.equal(await other.refreshFamilies.note('f1', 'r1', { tokenId: 't', expiresAt: NOW + 9 }, NOW), false)
    },
  ],
  [
    'a family is over by itself',
    async (t, one, other) => {
      await one.refreshFamilies.begin(family)
      t.match(await other.refreshFamilies.turn('f1', 'r1', 'r2', NOW + 1000), { state: 'unknown' })
      t.match(await other.refreshFamilies.turn('f1', 'r1', 'r2', NOW + 999), { state: 'turned' }, 'the twin')
      t.equal(await one.refreshFamilies.purge(NOW + 999), 0)
      t.equal(await one.refreshFamilies.purge(NOW + 1000), 1)
    },
  ],
  [
    'a name that no store can hold begins nothing',
    async (t, one) => {
      t.equal(await one.refreshFamilies.begin({ ...family, subject: 'bob\0' }), false)
      t.equal(await one.refreshFamilies.begin({ ...family, session: '\ud800' }), false)
    },
  ],
]

export const DEVICE_TABLE: readonly StoreRow[] = [...codes, ...families]
