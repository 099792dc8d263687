import t from 'tap'
import { keyedDigests } from '../../../../src/identity/device/keyed-digest.ts'
import { mintTokenKey, ringOfKept } from '../../../../src/identity/tokens/keys.ts'

const ring = () => ringOfKept([{ ...mintTokenKey(), signsFrom: 0 }], 1)

t.test('a digest is the same in a fleet, and nobody else can make it', async (t) => {
  const keys = ring()
  const [one, other] = [keyedDigests(() => keys), keyedDigests(() => keys)]
  const digest = await one.digest('a', 'code')
  t.match(digest, { ok: true, value: /^[\w-]{43}$/ })
  t.same(await other.digest('a', 'code'), digest)
  for (const [purpose, text] of [
    ['b', 'code'],
    ['a', 'codf'],
    ['a\0c', 'ode'],
    ['', 'a\0code'],
  ] as const) {
    t.not(JSON.stringify(await one.digest(purpose, text)), JSON.stringify(digest), `${purpose}/${text}`)
  }
  t.notSame(await keyedDigests(ring).digest('a', 'code'), digest, 'another key')
  t.same(await keyedDigests(() => null).digest('a', 'code'), { ok: false, fault: 'unavailable' })
})
