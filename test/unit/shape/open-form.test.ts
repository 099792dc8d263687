import t from 'tap'
import { type FormField, openForm, strayObject } from '../../../src/shape/open-form.ts'
import { sealed, sealerOf } from '../../support/sealing.ts'

const id = sealed('file-1')
const field = (name: string, text = id): FormField => ({ name, text })
const as = (key: string, written = id) => [{ key, id: written }]
const { open } = sealerOf()

const rows: readonly (readonly [name: string, fields: FormField[], key: string, changes: object | null])[] = [
  ['a field', [field('file_id')], 'file_id', { file_id: 'file-1' }],
  ['a member', [field('video[id]')], 'video.id', { 'video[id]': 'file-1' }],
  ['one of a list', [field('file_ids[]')], 'file_ids', { 'file_ids[]': 'file-1' }],
  ['prose that says the same stays', [field('file_id'), field('prompt')], 'file_id', { file_id: 'file-1' }],
  ['within JSON', [field('video', `{"id":"${id}"}`)], 'video.id', null],
  ['under another key', [field('prompt')], 'file_id', null],
  ['several in one list', [field('file_ids[]'), field('file_ids[]', 'x')], 'file_ids', null],
  ['nowhere', [], 'file_id', null],
]
t.test('an id is opened where it is all of a field', async (t) => {
  for (const [name, fields, key, changes] of rows) {
    t.equal(strayObject(fields, as(key))?.key ?? null, changes === null ? key : null, name)
    if (changes === null) continue
    const opened = openForm(fields, as(key), open)
    t.same(opened.ok && Object.fromEntries(opened.value), changes, name)
  }
})

t.test('what does not open is told', async (t) => {
  const opened = openForm([field('file_id', 'file-1')], as('file_id', 'file-1'), open)
  t.same(opened, { ok: false, fault: { key: 'file_id', id: 'file-1' } })
})
