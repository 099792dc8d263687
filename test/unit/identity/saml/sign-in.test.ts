import t from 'tap'
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
      session: 'session-1',
      notAfter: NOW / 1000 + 480 * 60,
    },
  })
  t.equal(said(outcome), 'alice@example.org')
})
