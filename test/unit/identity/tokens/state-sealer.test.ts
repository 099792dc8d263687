import t from 'tap'
import { ringOfTexts } from '../../../../src/identity/tokens/keys.ts'
import { NOW, outcome } from '../forge.ts'
import { newPem, scene } from './scene.ts'

const VALUE = { verifier: 'v'.repeat(43), nested: { list: [1, 'two', null] } }
const UNTIL = NOW + 600_000

t.test('what is sealed opens, for its purpose and until its end', async (t) => {
  const { sealer, clock, held, issued } = scene(t)
  const sealed = await sealer.seal('oidc', VALUE, UNTIL)
  if (!sealed.ok) return t.fail(sealed.fault)
  const text = sealed.value
  const open = async (purpose: string, given: string) => {
    const opened = await sealer.open(purpose, given)
    return opened.ok ? opened.value : opened.fault
  }
  t.same(await open('oidc', text), VALUE)
  const flipped = (at: number) => {
    const bytes = Buffer.from(text, 'base64url')
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes.toString('base64url')
  }
  const last = Buffer.from(text, 'base64url').length - 1
  const wrong = [
    ['for another purpose', 'saml', text],
    ['for no purpose', '', text],
    ['with another nonce', 'oidc', flipped(0)],
    ['with another text', 'oidc', flipped(14)],
    ['with another tag', 'oidc', flipped(last)],
    ['cut', 'oidc', text.slice(0, -4)],
    ['longer', 'oidc', `${text}AAAA`],
    ['in another spelling', 'oidc', `${text}=`],
    ['empty', 'oidc', ''],
    ['as long as nonce and tag', 'oidc', Buffer.alloc(28).toString('base64url')],
    ['endless', 'oidc', 'A'.repeat(100_000)],
    ['a token', 'oidc', await issued()],
  ] as const
  for (const [name, purpose, given] of wrong) t.equal(await open(purpose, given), 'invalid', name)
  const again = await sealer.seal('oidc', VALUE, UNTIL)
  t.not(again.ok && again.value, text, 'the same state is sealed differently each time')
  clock.now = UNTIL - 1
  t.same(await open('oidc', text), VALUE, 'until its end')
  clock.now = UNTIL
  t.equal(await open('oidc', text), 'expired')
  held.ring = null
  t.equal(await open('oidc', text), 'unavailable')
  t.match(await sealer.seal('oidc', VALUE, UNTIL), { ok: false, fault: 'unavailable' })
})

t.test('a key that was replaced still opens, one that is gone does not', async (t) => {
  const { sealer, held } = scene(t)
  const [old, next] = [newPem(), newPem()]
  held.ring = ringOfTexts([old])
  const sealed = await sealer.seal('oidc', VALUE, UNTIL)
  if (!sealed.ok) return t.fail(sealed.fault)
  held.ring = ringOfTexts([next, old])
  t.match(await sealer.open('oidc', sealed.value), { ok: true, value: VALUE })
  const newer = await sealer.seal('oidc', VALUE, UNTIL)
  held.ring = ringOfTexts([next])
  t.match(await sealer.open('oidc', sealed.value), { ok: false, fault: 'invalid' })
  t.match(newer.ok && (await sealer.open('oidc', newer.value)), { ok: true }, 'the newer one seals')
})

t.test('sealed state is no token', async (t) => {
  const { sealer, verify } = scene(t)
  const sealed = await sealer.seal('oidc', VALUE, UNTIL)
  t.equal(outcome(await verify(sealed.ok ? sealed.value : '')), 'malformed')
})
