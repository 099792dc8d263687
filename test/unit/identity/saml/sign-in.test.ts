import t from 'tap'
import { openOneTime } from '../../../../src/identity/one-time.ts'
import { sessionOf } from '../../../../src/identity/saml/principal.ts'
import { NOW, SamlScene, said } from '../../../support/saml-scene.ts'

t.test('who signed in is told from what the provider signed', async (t) => {
  const scene = await SamlScene.begun()
  const outcome = await scene.complete(scene.response(scene.assertion()))
  t.same(outcome, {
    outcome: 'signed-in',
    who: {
      principal: {
        id: 'alice@example.org',
        issuer: 'adfs',
        method: 'saml',
        name: 'Alice Example',
        email: 'alice@example.org',
        groups: ['analysts', 'staff'],
        roles: [],
        workspaces: [],
        claims: { memberOf: ['analysts', 'staff'], name: 'Alice Example', email: 'alice@example.org' },
        mfa: 'unknown',
        acr: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
        authTime: NOW / 1000 - 10,
      },
      amr: undefined,
      subject: 'alice@example.org',
      session: sessionOf('alice@example.org', 'session-1'),
      notAfter: NOW / 1000 + 480 * 60,
    },
  })
  t.equal(said(outcome), 'alice@example.org')
})

t.test('where nobody can tell whether an answer was used, nobody is signed in', async (t) => {
  const away = () => Promise.reject(new Error('no store'))
  const broken = { take: away, takeAfter: away }
  const scene = await SamlScene.begun({}, broken)
  const outcome = await scene.complete(scene.response(scene.assertion()))
  t.match(outcome, { outcome: 'unavailable', reason: 'store_unavailable', retryAfterSeconds: 5 })
  const wrong = await scene.complete(scene.response(scene.assertion({ audience: 'other' })))
  t.equal(said(wrong), 'wrong_aud', 'what is wrong anyhow is refused')
})

t.test('what was used is remembered until nobody would take it, and a full memory takes nothing', async (t) => {
  let now = NOW
  const memory = openOneTime(() => now, { size: 2 })
  t.equal(await memory.take('a', NOW + 10), true)
  t.equal(await memory.take('a', NOW + 10), false)
  t.equal(await memory.take('b', NOW + 20), true)
  await t.rejects(memory.take('c', NOW + 30))
  t.equal(await memory.take('b', NOW + 20), false, 'what it knows it still tells')
  now += 10
  t.equal(await memory.take('c', NOW + 30), true, 'there is room again')
  t.equal(await memory.take('b', NOW + 20), false)
})
