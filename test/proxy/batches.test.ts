import { APIError } from 'openai'
import t from 'tap'
import { ALLOWED_LINES, CHATS, GOOD, line, linesOf, REFUSED_LINES } from '../support/batch-files.ts'
import { create, refusalOf, scene, sentLines, upload } from '../support/batch-scene.ts'
import { endInOrder } from '../support/world.ts'

t.test('each line is decided as a request, and one that is refused refuses the file', async (t) => {
  const two = await scene(t)
  const { world, red } = two
  for (const [name, text, number, status, code, reason] of REFUSED_LINES) {
    const before = world.model.bytesReceived
    const error: unknown = await upload(red, text).then(
      () => null,
      (error) => error,
    )
    if (!(error instanceof APIError)) {
      t.fail(`${name}: ${error}`)
      continue
    }
    t.same([error.status, error.code, error.param], [status, code, `line ${number}`], `${name}: ${error.message}`)
    t.equal(world.model.bytesReceived, before, `${name}: the upstream got no byte`)
    const decision = await world.proxy.audit.decision(error.requestID ?? '')
    t.equal(decision.action, 'request-denied', name)
    t.equal(decision.get('sallyport.batch.refused_line'), number, `${name}: the event says which`)
    if (reason !== undefined) t.equal(decision.get('event.reason'), reason, `${name}: ${reason}`)
  }
  for (const [name, text, models, operation = 'chat'] of ALLOWED_LINES) {
    const { request_id: id } = await upload(red, text).withResponse()
    const lines = await sentLines(two)
    const decision = await world.proxy.audit.decision(id ?? '')
    t.same(
      [
        decision.get('sallyport.batch.lines'),
        decision.get('sallyport.batch.models'),
        decision.get('sallyport.batch.operation'),
      ],
      [lines.length, models, operation],
      `${name}: the event tells of the lines`,
    )
  }
  await endInOrder(t, world)
})

t.test('what goes on is what was judged: aliases, transforms and line ends', async (t) => {
  const two = await scene(t)
  await upload(
    two.red,
    linesOf(line('one', { model: 'fast', user: 'a\u2028b\u0085' }), line('zwei', { max_tokens: 9 })),
  )
  const sent = await sentLines(two)
  t.match(sent, [
    {
      custom_id: 'one',
      method: 'POST',
      url: CHATS,
      body: { model: 'gpt-4o-mini', max_completion_tokens: 64, user: 'a\u2028b\u0085' },
    },
    { custom_id: 'zwei', body: { model: 'gpt-4o-mini', max_tokens: 9 } },
  ])
  t.notMatch(two.world.model.requests.at(-1)?.body.toString() ?? '', /[\u0085\u2028]/, 'other line ends are escaped')
  await endInOrder(t, two.world)
})

t.test('a batch is made of a file that was judged for it, by its owner', async (t) => {
  const { world, red, blue } = await scene(t)
  const file = await upload(red, linesOf(GOOD))
  t.match(file.id, /^file-1\.spc/, 'the id says what the lines were judged for')
  const batch = await create(red, file.id)
  t.equal(
    JSON.parse(world.model.requests.at(-1)?.body.toString() ?? '').input_file_id,
    'file-1',
    'the upstream knows it',
  )
  t.match(batch.id, /^batch_1\.spc/)
  t.equal(batch.input_file_id, file.id, 'the same id in every answer')
  const read = await red.batches.retrieve(batch.id)
  t.same([read.id, read.input_file_id], [batch.id, file.id])
  t.match(read.output_file_id, /^file-9\.sp1/, 'a result is no batch')
  t.equal(await (await red.files.content(read.output_file_id ?? '')).text(), '{"id":"batch_req_1","custom_id":"one"}')
  t.equal((await red.files.retrieve(file.id)).id, file.id)

  const seen = world.model.requests.length
  const other = await red.files.create({ purpose: 'user_data', file: new File([linesOf(GOOD)], 'a') })
  t.match(other.id, /\.sp1/)
  const rows: readonly (readonly [string, () => Promise<unknown>, number, string])[] = [
    ['a file of another purpose', () => create(red, other.id), 400, 'invalid_body'],
    ['the results of a batch', () => create(red, read.output_file_id ?? ''), 400, 'invalid_body'],
    ['another endpoint', () => create(red, file.id, '/v1/embeddings'), 400, 'invalid_body'],
    ['a raw file', () => create(red, 'file-1'), 404, 'object_not_found'],
    ['a file with another mark', () => create(red, other.id.replace('.sp1', '.spc')), 404, 'object_not_found'],
    ['somebody else’s', () => create(blue, file.id), 404, 'object_not_found'],
    ['somebody else’s batch', () => blue.batches.retrieve(batch.id), 404, 'object_not_found'],
  ]
  for (const [name, call, status, code] of rows) t.same(await refusalOf(call()), [status, code], name)
  t.equal(world.model.requests.length, seen + 1, 'nothing of it went on but the other file')
  await endInOrder(t, world)
})

t.test('without seals there are no batches', async (t) => {
  const { world, red } = await scene(t, { isolation: 'off' })
  const rows: readonly (readonly [call: () => Promise<unknown>, status: number, code: string])[] = [
    [() => upload(red, linesOf(GOOD)), 400, 'invalid_body'],
    [() => red.uploads.create({ bytes: 1, filename: 'a', mime_type: 'a/b', purpose: 'batch' }), 400, 'invalid_body'],
    [() => create(red, 'file-1'), 404, 'unknown_endpoint'],
  ]
  for (const [call, status, code] of rows) t.same(await refusalOf(call()), [status, code])
  t.equal(world.model.requests.length, 0)
  await endInOrder(t, world)
})
