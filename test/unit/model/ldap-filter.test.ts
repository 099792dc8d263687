import t from 'tap'
import { chained, filled, type LdapFilter, namesIn, readTemplate } from '../../../src/model/ldap-filter.ts'

function template(text: string) {
  const read = readTemplate(text)
  if (!read.ok) throw new Error(read.fault)
  return read.value
}

const is = (attribute: string, value: string): LdapFilter => ({ kind: 'compare', by: '=', attribute, value })
const HOSTILE = 'a*)(uid=*))(|(uid=*\\00\0é'

const sound: readonly (readonly [text: string, filter: LdapFilter])[] = [
  ['(uid={username})', is('uid', HOSTILE)],
  ['(mail={username}@example.org)', is('mail', `${HOSTILE}@example.org`)],
  [
    '(&(objectClass=person)(|(uid={username})(mail={username})))',
    {
      kind: 'and',
      of: [is('objectClass', 'person'), { kind: 'or', of: [is('uid', HOSTILE), is('mail', HOSTILE)] }],
    },
  ],
  ['(!(uid={username}))', { kind: 'not', of: is('uid', HOSTILE) }],
  ['(cn={username}*)', { kind: 'substrings', attribute: 'cn', parts: [HOSTILE, ''] }],
  ['(cn=*{username}*x)', { kind: 'substrings', attribute: 'cn', parts: ['', HOSTILE, 'x'] }],
  ['(mail=*)', { kind: 'present', attribute: 'mail' }],
  ['(cn=a\\2ab\\c3\\a9)', is('cn', 'a*bé')],
  ['(uidNumber>={username})', { kind: 'compare', by: '>=', attribute: 'uidNumber', value: HOSTILE }],
  ['(2.5.4.3=x)', is('2.5.4.3', 'x')],
  ['(cn;lang-de=x)', is('cn;lang-de', 'x')],
  [
    '(member:1.2.840.113556.1.4.1941:={username})',
    { kind: 'extensible', attribute: 'member', rule: '1.2.840.113556.1.4.1941', dnAttributes: false, value: HOSTILE },
  ],
  ['(ou:dn:=x)', { kind: 'extensible', attribute: 'ou', rule: '', dnAttributes: true, value: 'x' }],
]

t.test('a value stays a value, whatever it is and wherever it stands', async (t) => {
  for (const [text, filter] of sound)
    t.same(
      filled(template(text), () => HOSTILE),
      filter,
      text,
    )
})

t.test('within the text of a name a value stays one value of it', async (t) => {
  const name = template('(entryDN=uid={username},ou=people,dc=example)')
  t.same(
    filled(name, () => 'alice'),
    is('entryDN', 'uid=alice,ou=people,dc=example'),
  )
  t.same(
    filled(name, () => 'a,ou=admins+b'),
    is('entryDN', 'uid=a\\,ou\\=admins\\+b,ou=people,dc=example'),
  )
  const whole = template('(member={dn})')
  t.same(
    filled(whole, () => 'uid=a,dc=b'),
    is('member', 'uid=a,dc=b'),
    'the twin: a whole name stands as it is',
  )
})

t.test('what asks for a value that is not there asks for nothing', async (t) => {
  const given = (name: string) => (name === 'dn' ? 'x' : undefined)
  const two = template('(|(member={dn})(memberUid={uid}))')
  t.same([...namesIn(two)], ['dn', 'uid'])
  t.same(filled(two, given), { kind: 'or', of: [is('member', 'x')] })
  for (const text of [
    '(memberUid={uid})',
    '(&(member={dn})(memberUid={uid}))',
    '(!(memberUid={uid}))',
    '(|(a={uid}))',
  ]) {
    t.equal(filled(template(text), given), null, text)
  }
})

const wrong: readonly (readonly [text: string, says: string])[] = [
  ['', 'must be a filter in parentheses such as `(uid={username})`'],
  ['uid={username}', 'must be a filter in parentheses such as `(uid={username})`'],
  ['(uid={username}', 'lacks a parenthesis'],
  ['(uid={username}))', 'goes on behind its last parenthesis'],
  ['(&(uid={username})', 'lacks a parenthesis'],
  ['(&)', 'has nothing behind `&`'],
  ['(!(a=b)(c=d))', 'has more than one filter behind `!`'],
  ['(uid)', 'has a part that is no comparison such as `uid={username}`'],
  ['(=x)', 'has a comparison without an attribute'],
  ['(ou:dn=x)', 'has a comparison without an attribute'],
  ['(:=x)', 'has a matching rule that is not complete'],
  ['(uid=a\\zz)', 'has an unescaped parenthesis or a backslash that is no escape such as `\\2a` in a value'],
  ['(uid=a(b)', 'has an unescaped parenthesis or a backslash that is no escape such as `\\2a` in a value'],
  ['(uid>=a*)', 'has a `*` where a value is compared by its order'],
  [`${'(!'.repeat(20)}(a=b)${')'.repeat(20)}`, 'is nested deeper than 16 levels'],
]

t.test('what is no filter says what is wrong with it', async (t) => {
  for (const [text, says] of wrong) t.same(readTemplate(text), { ok: false, fault: says }, text)
})

t.test('plain comparisons with a name can follow chains', async (t) => {
  const rule = '1.2.840.113556.1.4.1941'
  const chain = { kind: 'extensible', attribute: 'member', rule, dnAttributes: false, value: 'x' } as const
  const one = chained(template('(&(objectClass=group)(member={dn}))'), 'dn', rule)
  t.same(one && filled(one, () => 'x'), { kind: 'and', of: [is('objectClass', 'group'), chain] })
  for (const text of ['(memberUid={uid})', '(member>={dn})', '(member=x{dn})']) {
    t.equal(chained(template(text), 'dn', rule), null, text)
  }
})
