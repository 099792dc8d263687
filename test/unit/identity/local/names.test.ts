import fc from 'fast-check'
import t from 'tap'
import { addressed } from '../../../../src/identity/basic.ts'
import { userName } from '../../../../src/identity/local/names.ts'

const rows: readonly (readonly [name: string, written: string, read: string | null])[] = [
  ['a plain one', 'alice', 'alice'],
  ['an address', 'alice@example.org', 'alice@example.org'],
  ['a single space inside', 'Alice Adams', 'Alice Adams'],
  ['other scripts', '\u738b\u5c0f\u660e', '\u738b\u5c0f\u660e'],
  ['letters with their signs apart', 'Zoe\u0308', 'Zo\u00eb'],
  ['256 characters', 'a'.repeat(256), 'a'.repeat(256)],
  ['257', 'a'.repeat(257), null],
  ['nothing', '', null],
  ['a space before', ' alice', null],
  ['a space behind', 'alice ', null],
  ['two spaces', 'alice  adams', null],
  ['a space that is another sign', 'alice\u00a0adams', null],
  ['a tab', 'alice\tadams', null],
  ['a line break', 'alice\nadams', null],
  ['an end of text', 'alice\0', null],
  ['a backslash', 'ad\\alice', null],
  ['a slash', 'ad/alice', null],
  ['a colon', 'alice:x', null],
  ['what has no width', 'al\u200bice', null],
  ['what joins', 'al\u200dice', null],
  ['what turns the writing', 'alice\u202e', null],
  ['a mark of the order of bytes', '\ufeffalice', null],
  ['half a character', 'alice\ud800', null],
  ['one of private use', 'alice\ue000', null],
]
t.test('what a user of the store may be named', async (t) => {
  for (const [name, written, read] of rows) t.equal(userName(written), read, name)
})

t.test('a name is one spelling, and belongs to no other source whatever directories there are', async () => {
  const names = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme', maxLength: 30 }))
  fc.assert(
    fc.property(names, fc.array(fc.string({ maxLength: 5 })), (written, directories) => {
      const name = userName(written)
      if (name === null) return true
      const { source, username } = addressed(`local\\${name}`, directories)
      return userName(name) === name && source === 'local' && username === name
    }),
  )
})
