import t from 'tap'
import { readParameters } from '../../../../src/identity/sign-in/parameters.ts'
import { lacking, NO_WISH, readWish, wishQuery } from '../../../../src/identity/sign-in/wish.ts'
import { principal, signedIn } from '../../../support/sign-in-world.ts'

const read = (query: string) => {
  const parameters = readParameters(query)
  return parameters.ok ? readWish(parameters.value) : parameters
}

t.test('what is asked for is read, and written again', async (t) => {
  for (const [query, acrValues, maxAge] of [
    ['', [], null],
    ['max_age=0', [], 0],
    ['acr_values=gold', ['gold'], null],
    ['acr_values=urn%3Aa%20phr&max_age=43200', ['urn:a', 'phr'], 43_200],
  ] as const) {
    const wish = read(query)
    t.same(wish, { ok: true, value: { acrValues, maxAge } })
    if (wish.ok) t.equal(wishQuery(wish.value), query === '' ? '' : `?${query}`)
  }
  t.same(read('max_age=0&mfa=true'), { ok: true, value: { acrValues: [], maxAge: 0, mfa: true } })
  t.equal(wishQuery({ acrValues: ['gold'], maxAge: null, mfa: true }), '?acr_values=gold&mfa=true')
  for (const [query, fault] of [
    ['mfa=', 'mfa'],
    ['mfa=false', 'mfa'],
    ['mfa=1', 'mfa'],
    ['max_age=', 'max_age'],
    ['max_age=01', 'max_age'],
    ['max_age=1.5', 'max_age'],
    ['max_age=9999999999', 'max_age'],
    ['acr_values=a%20a', 'acr_values'],
    ['acr_values=a%20%20b', 'acr_values'],
    ['acr_values=%C3%A4', 'acr_values'],
    [`acr_values=${'x'.repeat(257)}`, 'acr_values'],
    [`acr_values=${Array.from({ length: 17 }, (_, index) => index).join('+')}`, 'acr_values'],
  ] as const) {
    t.same(read(query), { ok: false, fault }, query)
  }
})

const NOW = 1_800_000_000
const who = (acr: string | undefined, authTime: number | undefined) => signedIn(principal('a', { acr, authTime }))
const shown = (mfa: 'yes' | 'no' | 'unknown') => signedIn(principal('a', { mfa, authTime: NOW }))
const FACTORS = { acrValues: [], maxAge: 0, mfa: true } as const

t.test('what a sign-in lacks', async (t) => {
  for (const [name, of, wish, lacks] of [
    ['nothing is asked for', who(undefined, undefined), NO_WISH, null],
    ['one of the kinds', who('b', undefined), { acrValues: ['a', 'b'], maxAge: null }, null],
    ['another kind', who('c', NOW), { acrValues: ['a', 'b'], maxAge: null }, 'acr'],
    ['no kind', who(undefined, NOW), { acrValues: ['a'], maxAge: null }, 'acr'],
    ['just now', who(undefined, NOW), { acrValues: [], maxAge: 0 }, null],
    ['a little before, by a slower clock', who(undefined, NOW - 60), { acrValues: [], maxAge: 0 }, null],
    ['too long ago', who(undefined, NOW - 61), { acrValues: [], maxAge: 0 }, 'age'],
    ['not too long ago', who(undefined, NOW - 160), { acrValues: [], maxAge: 100 }, null],
    ['several factors', shown('yes'), FACTORS, null],
    ['one factor', shown('no'), FACTORS, 'factor'],
    ['nobody knows which factors', shown('unknown'), FACTORS, 'factor'],
    ['nobody knows when', who(undefined, undefined), { acrValues: [], maxAge: 1_000_000 }, 'age'],
  ] as const) {
    t.equal(lacking(of, wish, NOW * 1000), lacks, name)
  }
})
