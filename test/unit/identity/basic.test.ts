import t from 'tap'
import { addressed } from '../../../src/identity/basic.ts'

const directories = ['ad', 'corp']

const rows: readonly (readonly [written: string, source: string, username: string])[] = [
  ['alice', 'ad', 'alice'],
  ['local', 'ad', 'local'],
  ['ad\\alice', 'ad', 'alice'],
  ['corp\\alice', 'corp', 'alice'],
  ['corp/alice', 'corp', 'alice'],
  ['corp\\a\\b', 'corp', 'a\\b'],
  ['CORP\\alice', 'ad', 'CORP\\alice'],
  ['other\\alice', 'ad', 'other\\alice'],
  ['local\\alice', 'local', 'alice'],
  ['local/alice', 'local', 'alice'],
  ['Local\\alice', 'ad', 'Local\\alice'],
  ['ad\\local\\alice', 'ad', 'local\\alice'],
  ['local\\ad\\alice', 'local', 'ad\\alice'],
  ['\\alice', 'ad', '\\alice'],
  ['corp\\', 'corp', ''],
  ['constructor\\alice', 'ad', 'constructor\\alice'],
]

t.test('a user name belongs to one source, by its form alone', async (t) => {
  for (const [written, source, username] of rows) t.same(addressed(written, directories), { source, username }, written)
})

t.test('and to users of the store where there is no directory', async (t) => {
  t.same(addressed('alice', []), { source: 'local', username: 'alice' })
  t.same(addressed('local\\alice', []), { source: 'local', username: 'alice' })
  t.same(addressed('ad\\alice', []), { source: 'local', username: 'ad\\alice' }, 'which is nobody: no name has a slash')
})
