import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { objectScope } from '../../../src/model/sealing.ts'
import { Secret } from '../../../src/model/secret.ts'
import { MAX_ID, type Ownership, openKeyRing, openSealer, SUFFIX_LENGTH, verdictOf } from '../../../src/shape/seal.ts'
import { NOW, research, sealed, sealerOf, storedKey } from '../../support/sealing.ts'

const id = fc.stringMatching(/^[A-Za-z0-9._:-]{1,224}$/).filter((text) => text !== '.' && text !== '..')

t.test('what was sealed is opened, and is the same each time', async () => {
  fc.assert(
    fc.property(id, (id) => {
      const one = sealed(id)
      const path = /^[A-Za-z0-9._:-]+$/.test(one) && one.length <= 256 && one.startsWith(id)
      return path && sealerOf().open(one) === id && sealed(id) === one && one.length === id.length + SUFFIX_LENGTH
    }),
  )
})

t.test('an id of another Sallyport is sealed once more', async (t) => {
  const inner = sealed('file-1', sealerOf({ upstream: 'inner' }))
  t.equal(sealerOf().open(sealed(inner)), inner)
  t.equal(sealerOf().open(inner), null)
})

t.test('the seal is an HMAC over parts that cannot be mistaken for each other', async (t) => {
  const part = (text: string) => {
    const bytes = Buffer.from(text, 'utf16le')
    return Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  }
  const parts = ['sallyport object', '.sp1', 'aaaaaa', 'one', 'workspace', 'workspace', 'research'].map(part)
  const mac = createHmac('sha256', Buffer.alloc(32, 'aaaaaa')).update(Buffer.concat([...parts, Buffer.from('file-1')]))
  t.equal(sealed('file-1'), `file-1.sp1aaaaaa${mac.digest().subarray(0, 16).toString('base64url')}`)
})

t.test('a mark is part of what is sealed, and opens like any other', async (t) => {
  const marked = sealed('file-1', sealerOf(), 'c')
  t.match(marked, /^file-1\.spcaaaaaa/)
  t.equal(sealerOf().open(marked), 'file-1')
  t.same([marked, sealed('file-1'), 'file-1', `file-1.xpc${'a'.repeat(28)}`].map(verdictOf), ['c', '1', '', ''])
  t.equal(sealerOf().open(marked.replace('.spc', '.sp1')), null, 'taken away')
  t.equal(sealerOf().open(sealed('file-1').replace('.sp1', '.spc')), null, 'put there')
  t.equal(sealerOf().open(marked.replace('.spc', '.spe')), null, 'changed')
  t.throws(() => sealerOf().suffix('file-1', 'cc'))
})

t.test('one character more, less or other opens nothing', async () => {
  const character = fc.constantFrom(...'AQgw.-_:09az', ' ', '=', '\0', 'é')
  fc.assert(
    fc.property(id, fc.nat(), fc.constantFrom(0, 1), fc.option(character, { nil: '' }), (id, at, drop, put) => {
      const whole = sealed(id)
      const place = at % (whole.length + 1)
      const altered = whole.slice(0, place) + put + whole.slice(place + drop)
      return altered === whole || sealerOf().open(altered) === null
    }),
    { numRuns: 2000 },
  )
})

t.test('every single change of one seal, and every cut', async (t) => {
  const whole = sealed('resp_0a')
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:']
  let opened = 0
  for (let at = 0; at < whole.length; at++) {
    for (const letter of letters) {
      const altered = whole.slice(0, at) + letter + whole.slice(at + 1)
      if (altered !== whole && sealerOf().open(altered) !== null) opened++
    }
    if (sealerOf().open(whole.slice(0, at)) !== null || sealerOf().open(whole.slice(at + 1)) !== null) opened++
  }
  t.equal(opened, 0)
  t.equal(sealerOf().open(whole), 'resp_0a', 'the twin')
})

type Row = readonly [sentence: string, Partial<Ownership>]
const user = (issuer: string, name: string) => ({ kind: 'user', issuer, user: name }) as const
const others: readonly Row[] = [
  ['another workspace', { scope: { kind: 'workspace', workspace: 'sales' } }],
  ['a workspace in other letters', { scope: { kind: 'workspace', workspace: 'Research' } }],
  ['another upstream', { upstream: 'two' }],
  ['another isolation', { isolation: 'user' }],
  ['a user called like the workspace', { scope: user('research', '') }],
  ['a user of an issuer called like nobody', { scope: user('', 'research') }],
]
for (const [name, other] of others) {
  t.test(`not opened for ${name}`, async (t) => {
    t.equal(sealerOf(other).open(sealed('file-1')), null)
    t.equal(sealerOf().open(sealed('file-1', sealerOf(other))), null, 'nor the other way round')
    t.equal(sealerOf(other).open(sealed('file-1', sealerOf(other))), 'file-1', 'the twin')
  })
}

t.test('names that run into each other, or are not well-formed, are told apart', async (t) => {
  const scopes = [user('a', 'bc'), user('ab', 'c'), user('abc', ''), user('a\0b', 'c'), user('\ud800', 'x')]
  const more = [user('\ud801', 'x'), user('\ufffd', 'x'), { kind: 'workspace', workspace: 'abc' } as const]
  const seals = [...scopes, ...more].map((scope) => sealed('file-1', sealerOf({ isolation: 'user', scope })))
  t.equal(new Set(seals).size, seals.length)
})

const unsealable: readonly (readonly [string, string])[] = [
  ['an empty id', ''],
  ['a step of a path', '..'],
  ['one that is too long', 'a'.repeat(MAX_ID + 1)],
  ['a slash', 'a/b'],
  ['an escape', 'a%2Fb'],
  ['a quote', 'a"b'],
  ['a backslash', 'a\\b'],
  ['a space', 'a b'],
  ['a letter beyond ASCII', 'fileé'],
  ['a line end', 'file\n'],
]
t.test('what cannot be sealed', async (t) => {
  for (const [name, text] of unsealable) t.equal(sealerOf().suffix(text), null, name)
  t.type(sealerOf().suffix('a'.repeat(MAX_ID)), 'string', 'the twin')
  t.equal(sealed('a'.repeat(MAX_ID)).length, 256)
})

t.test('a new key seals when its time has come, and the old one opens for as long as it is there', async (t) => {
  const old = storedKey('aaaaaa', { createdAt: NOW - 10, sealsFrom: NOW - 10 })
  const next = storedKey('bbbbbb', { sealsFrom: NOW + 60 })
  const at = (now: number, keys = [next, old]) => sealerOf({}, keys, now)
  const before = sealed('file-1', at(NOW))
  const after = sealed('file-1', at(NOW + 60))
  t.match(before, /\.sp1aaaaaa/)
  t.match(after, /\.sp1bbbbbb/)
  for (const seal of [before, after]) {
    t.equal(at(NOW).open(seal), 'file-1')
    t.equal(at(NOW + 60).open(seal), 'file-1')
  }
  t.equal(at(NOW + 60, [next]).open(before), null, 'retired')
  t.match(sealed('file-1', at(NOW, [next])), /\.sp1bbbbbb/, 'the only key seals at once')
  t.equal(at(NOW).open(before.replace('aaaaaa', 'bbbbbb')), null, 'a key opens only what names it')
})

t.test('keys that are damaged, doubled or missing are nobody’s keys', async (t) => {
  t.throws(() => openKeyRing([], NOW))
  t.throws(() => openKeyRing([storedKey('aaaaaa'), storedKey('aaaaaa')], NOW))
  t.throws(() => openKeyRing([storedKey('aaa.aa')], NOW))
  t.throws(() => openKeyRing([storedKey('aaaaaa', { secret: new Secret('c2hvcnQ') })], NOW))
})

t.test('the bytes of a key are in no print of it', async (t) => {
  const key = storedKey('aaaaaa')
  const ring = openKeyRing([key], NOW)
  const owner = { upstream: 'one', isolation: 'workspace', scope: research } as const
  const prints = [ring, openSealer(ring, owner), key].flatMap((value) => [
    JSON.stringify(value),
    inspect(value, { depth: 9, showHidden: true }),
  ])
  for (const text of prints) t.notMatch(text, /61\W*61\W*61|YWFh|aaaaaaaaaaa/)
})

t.test('a caller in no workspace is alone with its objects', async (t) => {
  const caller = { issuer: 'corp', id: 'bob' }
  t.same(objectScope('workspace', 'research', caller), research)
  t.same(objectScope('user', 'research', caller), user('corp', 'bob'))
  t.same(objectScope('workspace', undefined, caller), user('corp', 'bob'))
  t.same(objectScope('workspace', null, caller), user('corp', 'bob'))
  t.same(objectScope('workspace', '', caller), { kind: 'workspace', workspace: '' }, 'a name is a name')
})
