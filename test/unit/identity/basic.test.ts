import t from 'tap'
import { addressed } from '../../../src/identity/basic.ts'

const directories = ['ad', 'corp']
const isLocalUser = (name: string) => name === 'root' || name === 'ad\\x'

const rows: readonly (readonly [written: string, source: string, username: string])[] = [
  ['alice', 'ad', 'alice'],
  ['root', 'local', 'root'],
  ['Root', 'ad', 'Root'],
  ['ad\\root', 'ad', 'root'],
  ['corp\\alice', 'corp', 'alice'],
  ['corp/alice', 'corp', 'alice'],
  ['corp\\a\\b', 'corp', 'a\\b'],
  ['CORP\\alice', 'ad', 'CORP\\alice'],
  ['other\\alice', 'ad', 'other\\alice'],
  ['local\\alice', 'local', 'alice'],
  ['ad\\x', 'ad', 'x'],
  ['\\alice', 'ad', '\\alice'],
  ['corp\\', 'corp', ''],
  ['constructor\\alice', 'ad', 'constructor\\alice'],
]

t.test('a user name belongs to one source', async (t) => {
  for (const [written, source, username] of rows)
    t.same(addressed(written, { directories, isLocalUser }), { source, username }, written)
})

t.test('and to users of the store where there is no directory', async (t) => {
  t.same(addressed('alice', { directories: [], isLocalUser }), { source: 'local', username: 'alice' })
  t.same(addressed('alice', { directories, isLocalUser: null }), { source: 'ad', username: 'alice' }, 'the twin')
})
