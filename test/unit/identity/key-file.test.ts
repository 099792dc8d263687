import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bearer, folder, goodClaims, makeKey, openWatching, outcome, token, writeKeys } from './forge.ts'

const first = makeKey('ES256', 'first')
const second = makeKey('ES256', 'second')

/** An issuer whose keys stand in a file; `look` lets it look once more. */
function scene(t: Test, file: string) {
  const { identity, reports, timers } = openWatching(t, file)
  const look = async () => {
    const timer = await timers.until((all) => all.slice(1).find(({ over }) => !over), 'the next look')
    timer.over = true
    timer.run()
    return (await timers.until((all) => all.slice(1).find(({ over }) => !over), 'its end')).delayMs
  }
  let jti = 0
  const verify = async (key: typeof first) =>
    outcome(await identity.authenticate(bearer(token(key, goodClaims({ jti: `t${jti++}` })))))
  return { reports, look, verify }
}

t.test('a changed file is seen within seconds', async (t) => {
  const file = writeKeys(join(folder(t), 'jwks.json'), [first.jwk])
  const { look, verify, reports } = scene(t, file)
  t.equal(await verify(first), 'verified')
  t.equal(await look(), 2000, 'how often it is looked at')
  t.equal(reports.entries.length, 1)
  writeKeys(file, [second.jwk, first.jwk].slice(0, 1))
  await look()
  t.equal(await verify(first), 'unknown_kid')
  t.equal(await verify(second), 'verified')
  t.same(
    reports.entries.map(({ kind, keys }) => [kind, keys]),
    [
      ['jwks-refreshed', ['first']],
      ['jwks-refreshed', ['second']],
    ],
  )
})

const broken: readonly (readonly [string, (file: string) => void, string])[] = [
  ['is half-written', (file) => writeFileSync(file, '{"keys":[{"kty"'), 'malformed'],
  ['has no keys', (file) => writeFileSync(file, '{"keys":[]}'), 'no_usable_keys'],
  ['is gone', (file) => rmSync(file), 'file_unreadable'],
  ['is too large', (file) => writeFileSync(file, ' '.repeat(1024 * 1024 + 1)), 'too_large'],
]
for (const [name, breakIt, reason] of broken) {
  t.test(`a file that ${name} changes no key, however often it is looked at`, async (t) => {
    const file = writeKeys(join(folder(t), 'jwks.json'), [first.jwk])
    const { look, verify, reports } = scene(t, file)
    t.equal(await verify(first), 'verified')
    breakIt(file)
    for (let count = 0; count < 3; count++) await look()
    t.same(
      reports.entries.slice(1).map((report) => report.reason),
      [reason],
    )
    t.equal(await verify(first), 'verified')
    t.equal(await verify(second), 'jwks_unavailable', 'what is not in it may be in the next one')
    writeKeys(file, [second.jwk])
    await look()
    t.equal(await verify(second), 'verified')
  })
}

t.test('a file without keys from the start is never taken for sound', async (t) => {
  const file = writeKeys(join(folder(t), 'jwks.json'), [])
  const { look, verify } = scene(t, file)
  t.equal(await verify(first), 'jwks_unavailable')
  await look()
  await look()
  t.equal(await verify(first), 'jwks_unavailable')
})
