import t from 'tap'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { describeTurn } from '../../../src/endpoints/turns/turn-message.ts'
import { fastest } from '../../support/fastest.ts'
import { describe } from './described.ts'

/** Keys of so many characters of this kind altogether, none of which is known. */
function keysOf(letter: string, characters: number): { readonly [key: string]: number } {
  const length = 60
  const count = Math.ceil(characters / length)
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`${at}x`.padEnd(length, letter), 1]))
}

/** A letter that becomes eighteen where it is put in one form. */
const COSTLY = '\ufdfa'

const turnOf = (more: object) => {
  const parsed = parseJsonBody(Buffer.from(JSON.stringify({ type: 'response.create', model: 'm', ...more })))
  return parsed.ok ? describeTurn(parsed.value) : parsed
}

t.test('keys that take long to compare are bounded wherever they are compared', async (t) => {
  const places: readonly (readonly [name: string, refused: (keys: object) => boolean])[] = [
    ['at the top of a body', (keys) => 'refused' in describe('chat', { model: 'm', messages: [], ...keys })],
    [
      'among the settings of a template',
      (keys) => 'refused' in describe('chat', { model: 'm', messages: [], chat_template_kwargs: keys }),
    ],
    ['at the top of a message', (keys) => !turnOf(keys).ok],
  ]
  for (const [name, isRefused] of places) {
    t.equal(isRefused(keysOf(COSTLY, 2000)), true, `${name}: more than can be compared`)
    t.equal(isRefused(keysOf(COSTLY, 500)), false, `${name}: a few`)
    t.equal(isRefused(keysOf('a', 2000)), false, `${name}: as many that take no time`)
  }
})

t.test('very many of them take no longer than as much of plain text many times over', async (t) => {
  const costly = keysOf(COSTLY, 300_000)
  const plain = { input: 'a'.repeat(Buffer.byteLength(JSON.stringify(costly))) }
  const messageOf = (more: object) => turnOf(more)
  const templateOf = (more: object) => describe('chat', { model: 'm', messages: [], chat_template_kwargs: more })
  for (const [name, read] of Object.entries({ messageOf, templateOf })) {
    const ratio =
      fastest(() => read(costly)) /
      Math.max(
        fastest(() => read(plain)),
        0.5,
      )
    t.ok(ratio < 100, `${name}: ${ratio.toFixed(1)} times as long`)
  }
})
