import t from 'tap'
import { type DescribeFlags, describedByFlags } from '../../../src/cli/described-request.ts'

const base = { as: 'bob', operation: 'chat' }
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

t.test('flags become what a batch line holds', async (t) => {
  const flags = { ...base, group: ['a', 'b'], claim: ['x.y=1', 'x.z=2', 'x.z=3'], mfa: true, model: 'm', ip: '::1' }
  t.same(plain(describedByFlags(flags)), {
    ok: true,
    value: {
      as: { user: 'bob', groups: ['a', 'b'], claims: { x: { y: '1', z: ['2', '3'] } }, mfa: true },
      request: { operation: 'chat', model: 'm' },
      ip: '::1',
    },
  })
})

t.test('what is not given is absent', async (t) => {
  t.same(plain(describedByFlags(base)), { ok: true, value: { as: { user: 'bob' }, request: { operation: 'chat' } } })
})

t.test('`__proto__` is a claim like any other', async (t) => {
  const described = describedByFlags({ ...base, claim: ['__proto__.a=1'] })
  t.match(JSON.stringify(described), '"__proto__":{"a":"1"}')
  t.equal(({} as { a?: unknown }).a, undefined)
})

const wrong: readonly (readonly [string, DescribeFlags, RegExp])[] = [
  ['no user', { operation: 'chat' }, /`--as`/],
  ['no operation', { as: 'bob' }, /`--operation`/],
  ['a claim without a value', { ...base, claim: ['a'] }, /`--claim`/],
  ['a claim that is value and object', { ...base, claim: ['a=1', 'a.b=2'] }, /`--claim`/],
  ['a claim that is object and value', { ...base, claim: ['a.b=2', 'a=1'] }, /`--claim`/],
  ['a time in words', { ...base, authTime: Number.NaN }, /`--auth-time`/],
]
for (const [name, flags, said] of wrong) {
  t.test(`${name} is a mistake`, async (t) => {
    const described = describedByFlags(flags)
    t.equal(described.ok, false)
    if (!described.ok) t.match(described.fault, said)
  })
}
