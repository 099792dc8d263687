import { APIError, type OpenAI } from 'openai'
import t from 'tap'
import { readFetch } from '../support/form-readers.ts'
import type { Behaviour } from '../support/model-server.ts'
import { startTwoWorkspaces } from '../support/two-workspaces.ts'
import { endInOrder } from '../support/world.ts'

const answering =
  (document: object): Behaviour =>
  ({ response }) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))

t.test('sealed ids in the fields of forms are opened, and no others go on', async (t) => {
  const { world, red, blue } = await startTwoWorkspaces(t)
  const { model } = world
  model.scriptPath('/v1/files', answering({ id: 'file-1', object: 'file' }))
  model.scriptPath('/v1/containers', answering({ id: 'cntr_1', object: 'container' }))
  model.scriptPath('/v1/containers/cntr_1/files', answering({ id: 'cfile_1', container_id: 'cntr_1' }))
  model.scriptPath('/v1/videos', answering({ id: 'video_1', object: 'video' }))
  model.scriptPath('/v1/videos/edits', answering({ id: 'video_2', object: 'video' }))
  const file = await red.files.create({ file: new File(['x'], 'x'), purpose: 'user_data' })
  const container = await red.containers.create({ name: 'a' })
  const { id: video }: { id: string } = await red.post('/videos', { body: { model: 'gpt-4o-mini', prompt: 'x' } })

  const sent = async (): Promise<object> => {
    const request = model.requests.at(-1)
    const parts = await readFetch(request?.header('content-type') ?? '', request?.body ?? Buffer.alloc(0))
    return Object.fromEntries((parts ?? []).map(({ name, text }) => [name, text]))
  }
  const form = (fields: { readonly [name: string]: string }) => {
    const body = new FormData()
    for (const [name, text] of Object.entries(fields)) body.set(name, text)
    return body
  }
  const add = (by: OpenAI, file_id: string) =>
    by.post(`/containers/${container.id}/files`, { body: form({ file_id, note: file_id }) })
  const edit = (by: OpenAI, fields: { readonly [name: string]: string }) =>
    by.post('/videos/edits', { body: form({ prompt: 'y', ...fields }) })

  const made: unknown = await add(red, file.id)
  t.match(made, { container_id: container.id })
  t.same(await sent(), { file_id: 'file-1', note: file.id }, 'the id is opened, and prose stays')
  await edit(red, { 'video[id]': video })
  t.same(await sent(), { prompt: 'y', 'video[id]': 'video_1' })

  const seen = model.requests.length
  const rows: readonly (readonly [name: string, () => Promise<unknown>, status: number, code: string])[] = [
    ['a raw id', () => add(red, 'file-1'), 404, 'object_not_found'],
    ['an altered id', () => add(red, file.id.replace('file-1', 'file-2')), 404, 'object_not_found'],
    ['somebody else’s', () => edit(blue, { 'video[id]': video }), 404, 'object_not_found'],
    ['a raw one in a member', () => edit(red, { 'video[id]': 'video_1' }), 404, 'object_not_found'],
    ['one within JSON', () => edit(red, { video: JSON.stringify({ id: video }) }), 400, 'invalid_body'],
    [
      'a raw one under a key that nobody knows',
      () => edit(red, { 'video[id]': video, x_id: 'y_1' }),
      404,
      'object_not_found',
    ],
  ]
  for (const [name, call, status, code] of rows) {
    const error: unknown = await call().then(
      () => null,
      (error: unknown) => error,
    )
    t.same(error instanceof APIError && [error.status, error.code], [status, code], name)
  }
  t.equal(model.requests.length, seen, 'nothing of it went on')
  await endInOrder(t, world)
})
