import fc from 'fast-check'
import t from 'tap'
import { Places } from '../../../src/serving/places.ts'

t.test('whoever entered and has not left is here, as in a set', async () => {
  const moves = fc.array(fc.oneof(fc.constant('enter' as const), fc.nat(20)), { maxLength: 60 })
  fc.assert(
    fc.property(moves, (all) => {
      const places = new Places<{ readonly number: number }>()
      const here: { guest: { readonly number: number }; place: number }[] = []
      for (const [number, move] of all.entries()) {
        if (move === 'enter') {
          const guest = { number }
          here.push({ guest, place: places.enter(guest) })
        } else {
          const [gone] = here.splice(move % Math.max(1, here.length), 1)
          if (gone) places.leave(gone.place)
        }
      }
      const expected = new Set(here.map(({ guest }) => guest))
      return places.size === expected.size && new Set(places.all()).symmetricDifference(expected).size === 0
    }),
  )
})

t.test('a place that was given back is the next one to be taken', async (t) => {
  const places = new Places<string>()
  const [first, second] = [places.enter('a'), places.enter('b')]
  places.leave(first)
  t.equal(places.enter('c'), first)
  t.not(places.enter('d'), second)
  t.same(places.all().sort(), ['b', 'c', 'd'])
})
