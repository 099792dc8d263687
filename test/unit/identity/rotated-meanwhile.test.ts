import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Log, within } from '../../support/within.ts'
import { bearer, folder, goodClaims, makeKey, openWatching, outcome, token, writeKeys } from './forge.ts'

const first = makeKey('ES256', 'first')
const second = makeKey('ES256', 'second')

/** Holds every signature that is being verified until it is told to go on. */
function heldSignatures(t: Test) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const begun = new Log<true>()
  const { subtle } = globalThis.crypto
  const verify = subtle.verify.bind(subtle)
  t.intercept(subtle, 'verify', {
    value: async (...args: Parameters<typeof verify>) => {
      begun.push(true)
      await released
      return verify(...args)
    },
  })
  return { begun, release }
}

const rows: readonly (readonly [string, readonly (typeof first)[], string])[] = [
  ['is gone when its signature has been verified is believed no more', [second], 'unknown_kid'],
  ['still stands beside a new one is believed', [first, second], 'verified'],
]
for (const [name, after, expected] of rows) {
  t.test(`a key that ${name}`, async (t) => {
    const file = writeKeys(join(folder(t), 'jwks.json'), [first.jwk])
    const { identity, reports, timers } = openWatching(t, file)
    const text = token(first, goodClaims())
    const { begun, release } = heldSignatures(t)
    const verdict = identity.authenticate(bearer(text))
    await begun.until(([one]) => one, 'the signature')
    writeKeys(
      file,
      after.map(({ jwk }) => jwk),
    )
    // The first timer ends the wait for the first answer; the second one is the next look at the file.
    const look = await timers.until((all) => all[1], 'the next look')
    look.run()
    await reports.until((all) => all[1], 'the other keys')
    release()
    t.equal(outcome(await within(Promise.resolve(verdict), 'the verdict')), expected)
    t.equal(outcome(await identity.authenticate(bearer(text))), expected, 'and no memory of it says otherwise')
  })
}
