import fc from 'fast-check'
import t from 'tap'
import { escapeDnValue, folded, normalName } from '../../../src/model/ldap-name.ts'

const same: readonly (readonly [normal: string, ...spellings: string[]])[] = [
  ['cn=alice,dc=example', 'CN=Alice,DC=Example', 'cn = alice , dc = example', 'cn=  ALICE  ;dc=example'],
  ['cn=a b,dc=x', 'CN=A  B,dc=x', 'cn="a b",dc=x', 'cn=a\\20b,dc=x'],
  ['cn=smith\\, john,dc=x', 'CN=Smith\\, John,DC=x', 'cn="Smith, John",dc=x', 'cn=smith\\2c john,dc=x'],
  ['cn=josé,dc=x', 'cn=JOS\\c3\\89,dc=x', 'cn=jose\u0301,dc=x'],
  ['cn=a+ou=b,dc=x', 'ou=B+cn=A,dc=x'],
  ['cn=\\#a\\=b,dc=x', 'cn=\\#a=b,dc=x', 'cn=\\#A\\=B,dc=x'],
  ['cn=#0401aa,dc=x', 'CN=#0401AA,dc=x'],
  ['cn=,dc=x', 'CN= ,dc=x'],
]

t.test('all spellings of a name are one', async (t) => {
  for (const [normal, ...spellings] of same) {
    for (const spelling of spellings) t.equal(normalName(spelling), normal, spelling)
    t.equal(normalName(normal), normal, `${normal} is its own`)
  }
})

t.test('other names are others', async (t) => {
  const names = [
    'cn=a,dc=x',
    'cn=a\\,dc\\=x',
    'cn=a,dc=x,dc=y',
    'cn=b,dc=x',
    'ou=a,dc=x',
    'cn=a+ou=x,dc=x',
    'cn=a\\+ou\\=x,dc=x',
  ]
  t.equal(new Set(names.map(normalName)).size, names.length)
  t.notOk(names.map(normalName).includes(null))
})

t.test('what is no name is none', async (t) => {
  for (const text of [
    '',
    'alice',
    'cn',
    '=x',
    'cn=a,,dc=x',
    'cn=a,',
    'cn=a\\',
    'cn="a',
    'cn=a"b',
    'cn=\\q',
    'c n=a',
    'cn=\\ff',
  ]) {
    t.equal(normalName(text), null, JSON.stringify(text))
  }
})

t.test('property: a value in a name is that value and nothing more', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const name = normalName(`uid=${escapeDnValue(value)},dc=x`)
      return name === `uid=${escapeDnValue(folded(value))},dc=x`
    }),
  )
  t.equal(escapeDnValue('a\0b\u0085'), 'a\\00b\\c2\\85', 'controls as bytes')
})

t.test('spellings that a directory takes for one user are one', async (t) => {
  for (const text of ['alice', 'Alice', ' ALICE ', 'alice\u00a0', 'ａｌｉｃｅ']) t.equal(folded(text), 'alice', text)
  t.not(folded('alice1'), 'alice')
})
