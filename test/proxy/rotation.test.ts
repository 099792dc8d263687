import t from 'tap'
import { allows, chatBytes, endInOrder, startWorld } from '../support/world.ts'

t.test('a new key is fetched when a token first names it', async (t) => {
  const world = await startWorld(t)
  const { idp } = world
  await allows(t, world, 'a token of the first key', chatBytes(await idp.mint()))
  const fetched = idp.keyFetches
  await idp.rotate({ keep: true })
  await allows(t, world, 'a token of the new key', chatBytes(await idp.mint()))
  t.equal(idp.keyFetches, fetched + 1, 'one fetch')
  await endInOrder(t, world)
})
