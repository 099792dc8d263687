import t from 'tap'
import { embedding, GOOD, line, linesOf } from '../support/batch-files.ts'
import { create, refusalOf, scene } from '../support/batch-scene.ts'
import { endInOrder } from '../support/world.ts'

t.test('parts of an upload are judged like files, and become one that a batch may be made of', async (t) => {
  const { world, red, blue } = await scene(t)
  const { model } = world
  const whole = { bytes: 9, filename: 'a.jsonl', mime_type: 'application/jsonl' }
  const upload = await red.uploads.create({ ...whole, purpose: 'batch' })
  const other = await red.uploads.create({ ...whole, purpose: 'user_data' })
  t.match([upload.id, other.id], [/^upload_\d+\.spu/, /^upload_\d+\.sp1/])
  const part = (id: string, text: string) => red.uploads.parts.create(id, { data: new File([text], 'part') })

  const one = await part(upload.id, linesOf(GOOD, line('two')))
  t.match(one.id, /\.spc/, 'a part says what its lines were judged for')
  t.equal(one.upload_id, upload.id)
  const two = await part(upload.id, linesOf(line('three')))
  const vectors = await part(upload.id, linesOf(embedding('one')))
  const plain = await part(other.id, 'no lines')
  t.match([vectors.id, plain.id], [/\.spe/, /\.sp1/])

  const before = model.requests.length
  const complete = (id: string, ...parts: { readonly id: string }[]) =>
    red.uploads.complete(id, { part_ids: parts.map(({ id }) => id) })
  const rows: readonly (readonly [name: string, () => Promise<unknown>, status: number, code: string])[] = [
    [
      'a line that is denied',
      () => part(upload.id, linesOf(GOOD, line('x', { model: 'gpt-4-turbo' }))),
      403,
      'policy_denied',
    ],
    ['a line without its end', () => part(upload.id, GOOD), 400, 'invalid_body'],
    ['half a line', () => part(upload.id, GOOD.slice(0, 20)), 400, 'invalid_body'],
    ['the other half', () => part(upload.id, GOOD.slice(20)), 400, 'invalid_body'],
    [
      'an upload that says that it holds lines',
      () => part(other.id.replace('.sp1', '.spu'), linesOf(GOOD)),
      404,
      'object_not_found',
    ],
    [
      'an upload that hides that it holds lines',
      () => part(upload.id.replace('.spu', '.sp1'), 'x'),
      404,
      'object_not_found',
    ],
    ['parts for two urls', () => complete(upload.id, one, vectors), 400, 'invalid_body'],
    ['a part that was not judged', () => complete(upload.id, one, plain), 400, 'invalid_body'],
    ['somebody else’s', () => blue.uploads.complete(upload.id, { part_ids: [one.id] }), 404, 'object_not_found'],
    [
      'a purpose that is like it',
      () => red.uploads.create({ ...whole, purpose: 'Batch' as 'batch' }),
      400,
      'invalid_body',
    ],
  ]
  for (const [name, call, status, code] of rows) t.same(await refusalOf(call()), [status, code], name)
  t.equal(model.requests.length, before, 'nothing of it went on')

  const done = await complete(upload.id, one, two)
  t.equal(done.id, upload.id)
  t.match(done.file?.id, /^file-\d+\.spc/)
  t.equal((await create(red, done.file?.id ?? '')).input_file_id, done.file?.id)
  t.same(await refusalOf(create(red, done.file?.id ?? '', '/v1/embeddings')), [400, 'invalid_body'])
  const unjudged = await complete(other.id, plain)
  t.match(unjudged.file?.id, /\.sp1/)
  t.same(await refusalOf(create(red, unjudged.file?.id ?? '')), [400, 'invalid_body'])
  await endInOrder(t, world)
})
