import t from 'tap'
import { line, linesOf } from '../support/batch-files.ts'
import { refusalOf, scene, upload } from '../support/batch-scene.ts'
import { endInOrder } from '../support/world.ts'

const KIB = 1024
const file = (size: number) => linesOf(line('one', { user: 'x'.repeat(size) }))

t.test('a file counts twice while it is judged, and once while it is sent', async (t) => {
  // Of one caller: 100 KiB at once.
  const listen = { max_upload: '100KiB', max_spooled: '100KiB' }
  const { world, red } = await scene(t, { listen })
  t.same(await refusalOf(upload(red, file(60 * KIB))), [429, 'rate_limit_exceeded'], 'twice 60 is more')
  t.equal(await refusalOf(upload(red, file(30 * KIB))), null, 'twice 30 is not')

  const waiting: (() => void)[] = []
  world.model.scriptPath('/v1/files', ({ response }) => {
    const answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1"}')
    if (waiting.push(answer) > 1) for (const one of waiting) one()
  })
  const before = world.model.requests.length
  const first = upload(red, file(30 * KIB))
  await world.model.arrival(before + 1)
  t.equal(await refusalOf(upload(red, file(30 * KIB))), null, '30 that are sent, and twice 30')
  t.equal(await refusalOf(first), null)
  await endInOrder(t, world)
})
