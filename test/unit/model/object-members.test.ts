import t from 'tap'
import { holdsObjects } from '../../../src/model/object-members.ts'

const KEYS = [
  'file_id',
  'input_file_id',
  'vector_store_ids',
  'previous_response_id',
  'container',
  'training_file',
  'id',
]

/** How decoders without case, with camel case or with other separators may find the key written. */
const SPELLINGS: readonly (readonly [string, (key: string) => string])[] = [
  ['as it is', (key) => key],
  ['in capitals', (key) => key.toUpperCase()],
  ['in words with capitals', (key) => key.replace(/(^|_)([a-z])/g, (_, gap, letter) => gap + letter.toUpperCase())],
  ['in camel case', (key) => key.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())],
  ['with other separators', (key) => key.replaceAll('_', '-')],
  ['with a capital in the last place', (key) => key.slice(0, -1) + key.slice(-1).toUpperCase()],
  ['in capitals by turns', (key) => key.replace(/(.)(.)/g, (_, one, other) => one + other.toUpperCase())],
  ['with a dotless i', (key) => key.replaceAll('i', '\u0131')],
  ['with a dotted capital I', (key) => key.replaceAll('i', '\u0130')],
  ['with a long s', (key) => key.replaceAll('s', '\u017f')],
]
for (const [name, spell] of SPELLINGS) {
  t.test(`a key that holds ids, ${name}`, async (t) => {
    for (const key of KEYS) t.ok(holdsObjects(spell(key)), spell(key))
  })
}

t.test('a key that holds none, in whatever spelling', async (t) => {
  for (const key of ['tool_call_id', 'call_id', 'valid', 'paid', 'grid', 'file', 'stop_token_ids', 'identity']) {
    for (const [name, spell] of SPELLINGS.slice(0, 6)) t.notOk(holdsObjects(spell(key)), `${spell(key)}, ${name}`)
  }
})
