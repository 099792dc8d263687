import t, { type Test } from 'tap'
import { consoleOf, noBrowser, openBrowser } from '../support/browser.ts'
import { passwords, principal, provider, secondFactors, signedIn, startPages } from '../support/sign-in-world.ts'

const missing = noBrowser()
const ALICE = principal('alice@example.org', {
  name: 'Alice Example-Wonderland',
  groups: ['analysts', 'research', 'all-employees', 'cn=a group with a long name,ou=groups,dc=example,dc=org'],
})
const PEOPLE = {
  ...passwords({ alice: ['right', ALICE], bob: ['right', principal('bob')] }),
  sources: ['staff', 'local'],
}
const CAROL = signedIn(principal('carol', { issuer: 'corp', method: 'jwt', mfa: 'yes' }))

const start = (t: Test) =>
  startPages(t, {
    parts: (url) => ({
      providers: [
        provider(url, CAROL),
        provider(url, CAROL, { name: 'partner', arrival: { method: 'GET', path: '/auth/oidc/partner/callback' } }),
        provider(url, CAROL, {
          name: 'adfs',
          kind: 'saml',
          arrival: { method: 'POST', path: '/auth/saml/adfs/acs', isCrossSite: true },
          begin: async () => ({
            ok: true,
            value: {
              departure: {
                by: 'form',
                action: `${url}/auth/saml/adfs/acs`,
                fields: { SAMLRequest: 'x', RelayState: 's' },
              },
              state: {},
            },
          }),
          complete: async () => ({ outcome: 'signed-in', who: CAROL }),
        }),
      ],
      passwords: PEOPLE,
      secondFactors: secondFactors({ 'alice@example.org': '123456' }),
    }),
  })

t.test('people sign in with a browser', { skip: missing ?? false }, async (t) => {
  await t.test('by a password and a code', async (t) => {
    const pages = await start(t)
    const page = await (await openBrowser(t)).newPage()
    const said = consoleOf(page)
    await page.goto(`${pages.url}/auth/`)
    t.equal(await page.title(), 'Sign in - Sallyport')
    await page.getByLabel('User name').fill('alice')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    t.match(await page.getByRole('alert').textContent(), 'not right')
    t.equal(await page.getByLabel('User name').inputValue(), 'alice')
    t.equal(await page.getByLabel('Password').inputValue(), '')
    await page.getByLabel('Password').fill('right')
    await page.keyboard.press('Enter')
    await page.getByLabel('Code').fill('123456')
    await page.keyboard.press('Enter')
    t.equal(await page.getByLabel('Token').inputValue(), 'token-1-of-alice@example.org')
    t.notMatch(page.url(), 'token-1', 'no token in a URL')
    page.once('dialog', (dialog) => void dialog.accept())
    await page.reload()
    t.equal(await page.getByLabel('Token').count(), 0, 'a reload does not show it again')
    await page.getByRole('link', { name: 'Start again' }).click()
    t.equal(await page.title(), 'Sign in - Sallyport')
    const refused = said.filter((text) => !/status of 40[03]/.test(text))
    t.same(refused, [], 'nothing breaks the policy for content')
  })

  await t.test('with a provider, by keyboard alone', async (t) => {
    const pages = await start(t)
    const page = await (await openBrowser(t)).newPage()
    await page.goto(`${pages.url}/auth/`)
    await page.keyboard.press('Tab')
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Continue with corp')
    await page.keyboard.press('Enter')
    await page.waitForURL(/callback/)
    t.match(await page.getByLabel('Token').inputValue(), 'of-carol')
  })

  await t.test('with a provider that is sent a form', async (t) => {
    const pages = await start(t)
    const page = await (await openBrowser(t)).newPage()
    await page.goto(`${pages.url}/auth/`)
    await page.getByRole('link', { name: 'adfs' }).click()
    await page.getByRole('button', { name: 'Continue to adfs' }).click()
    t.match(await page.getByLabel('Token').inputValue(), 'of-carol')
  })

  await t.test('no other page can show them in a frame', async (t) => {
    const pages = await start(t)
    const page = await (await openBrowser(t)).newPage()
    const said = consoleOf(page)
    await page.setContent(`<iframe src="${pages.url}/auth/"></iframe>`)
    await page.waitForEvent('console', { predicate: () => true }).catch(() => undefined)
    t.ok(
      said.some((text) => /frame-ancestors|X-Frame-Options/.test(text)),
      said.join(),
    )
  })
})
