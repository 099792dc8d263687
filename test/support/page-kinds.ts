import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import type { PasswordWay } from '../../src/identity/sign-in/parts.ts'
import { failed, ok } from '../../src/model/result.ts'
import { Secret } from '../../src/model/secret.ts'
import type { SignInProvider, TokenIssuer } from '../../src/model/sign-in.ts'
import { type Pages, passwords, principal, provider, secondFactors, signedIn, startPages } from './sign-in-world.ts'
import { startTerminalPages, type TerminalPages } from './terminal-pages.ts'

const LONG = 'CN=Everybody-who-has-ever-been-in-the-research-department,OU=Groups,OU=Berlin,DC=corp,DC=example,DC=org'
const ALICE = principal('alice@example.org', {
  name: 'Alice Example-Wonderland',
  groups: [
    'analysts',
    ...Array.from({ length: 60 }, (_, index) => (index % 9 ? `group-${index}` : `${LONG}-${index}`)),
  ],
})
const CAROL = signedIn(principal('carol', { issuer: 'corp', method: 'jwt', mfa: 'yes' }))
const LARGE = 'of-too-many'
/** As long as one with many groups is. */
const TOKEN = `eyJhbGciOiJFZERTQSJ9.${'eyJzdWIiOiJhbGljZSIsImdyb3VwcyI6'.repeat(90)}.c2lnbmF0dXJl`

/** Pages of every kind, by whoever stands behind them. */
export interface PageKinds {
  readonly pages: Pages
  readonly terminal: TerminalPages
}

/** How one kind of page comes about, and the heading by which it is known. */
export type PageKind = readonly [
  name: string,
  heading: string,
  open: (page: Page, kinds: PageKinds) => Promise<unknown>,
]

export async function startPageKinds(t: Test): Promise<PageKinds> {
  const pages = await startPages(t, {
    parts: (url) => ({ ...ways(url), passwords: PEOPLE, secondFactors: factors(), issuer: issuing(url) }),
  })
  return { pages, terminal: await startTerminalPages(t) }
}

const KNOWN = passwords({
  alice: ['right', ALICE],
  bob: ['right', principal('bob')],
  large: ['right', principal(LARGE)],
})
const PEOPLE: PasswordWay = {
  sources: ['staff', 'partners-of-the-research-department', 'local'],
  authenticate: (credential, client) =>
    credential.kind === 'basic' && credential.username === 'guessed'
      ? { outcome: 'rejected', reason: 'throttled', method: 'ldap', issuer: 'staff', retryAfterSeconds: 64 }
      : KNOWN.authenticate(credential, client),
}

const factors = () => secondFactors({ 'alice@example.org': '123456' })

function issuing(url: string): TokenIssuer {
  return {
    url,
    issue: async ({ principal: { id } }) => {
      const expiresAt = Math.floor(Date.now() / 1000) + 8 * 3600
      return id === LARGE ? failed('too_large') : ok({ token: new Secret(TOKEN), expiresAt, tokenId: 'id-1' })
    },
    keySet: async () => ok('{"keys":[]}'),
  }
}

function ways(url: string): { readonly providers: readonly SignInProvider[] } {
  const arrival = (name: string) => ({ method: 'GET', path: `/auth/oidc/${name}/callback` }) as const
  const back = (name: string): SignInProvider['begin'] => {
    const location = `${url}/auth/oidc/${name}/callback?code=good&state=s1`
    return async () => ok({ departure: { by: 'redirect', location }, state: { nonce: 's1' } })
  }
  const other = (name: string, more: Partial<SignInProvider>) =>
    provider(url, CAROL, { name, arrival: arrival(name), begin: back(name), ...more })
  const action = `${url}/auth/saml/adfs/acs`
  const [no, later] = ['Corp did not let you sign in, or you said no there.', 'Corp cannot be reached right now.']
  return {
    providers: [
      provider(url, CAROL),
      other('refusing', { complete: async () => ({ outcome: 'rejected', reason: 'sign_in_denied', message: no }) }),
      other('absent', {
        begin: async () => {
          const unavailable = { outcome: 'unavailable', reason: 'provider_unavailable', retryAfterSeconds: 5 } as const
          return failed({ ...unavailable, message: later })
        },
      }),
      provider(url, CAROL, {
        ...{ name: 'adfs', kind: 'saml' },
        arrival: { method: 'POST', path: '/auth/saml/adfs/acs', isCrossSite: true },
        begin: async () => ok({ departure: { by: 'form', action, fields: { SAMLRequest: 'x' } }, state: {} }),
        complete: async () => ({ outcome: 'signed-in', who: CAROL }),
      }),
    ],
  }
}

async function enter(page: Page, fields: { readonly [label: string]: string }): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value)
  await page.keyboard.press('Enter')
}

const go = (path: string) => (page: Page, kinds: PageKinds) => page.goto(`${kinds.pages.url}${path}`)
const start = go('/auth/')
const withPassword = (username: string, password: string) => async (page: Page, kinds: PageKinds) => {
  await start(page, kinds)
  await enter(page, { 'User name': username, Password: password })
}
const withCode = (code: string) => async (page: Page, kinds: PageKinds) => {
  await withPassword('alice', 'right')(page, kinds)
  await enter(page, { Code: code })
}
async function withTerminal(page: Page, { terminal }: PageKinds): Promise<void> {
  const { user } = await terminal.ask()
  await page.goto(`${terminal.url}/auth/device?user_code=${user}`)
  await page.getByRole('button', { name: 'Continue' }).click()
}

const SIGN_IN = 'Sign in'
const DEVICE = 'Sign in a terminal'
export const PAGE_KINDS: readonly PageKind[] = [
  ['choice', SIGN_IN, start],
  ['step-up', SIGN_IN, go('/auth/?acr_values=gold&max_age=43200')],
  [
    'password',
    SIGN_IN,
    (page, kinds) => {
      kinds.pages.open({ providers: [], passwords: { ...PEOPLE, sources: ['staff'] } })
      return start(page, kinds).finally(() => kinds.pages.open())
    },
  ],
  ['wrong', SIGN_IN, withPassword('alice', 'wrong')],
  ['throttled', SIGN_IN, withPassword('guessed', 'wrong')],
  ['code', 'Enter your code', withPassword('alice', 'right')],
  ['wrong-code', 'Enter your code', withCode('000000')],
  [
    'token',
    'Your token',
    (page, kinds) => {
      kinds.pages.open({ secondFactors: factors() })
      return withCode('123456')(page, kinds)
    },
  ],
  [
    'token-groups',
    'Your token',
    async (page, kinds) => {
      kinds.pages.open({ secondFactors: factors() })
      await withCode('123456')(page, kinds)
      await page.getByText('61 groups').click()
      await page.getByText('and 21 more').waitFor()
    },
  ],
  ['too-weak', 'A stronger sign-in is needed', go('/auth/oidc/corp?acr_values=urn:example:gold')],
  ['too-large', 'The token would be too large', withPassword('large', 'right')],
  ['departure', 'Sign in with adfs', go('/auth/saml/adfs')],
  ['bad-parameter', 'The link is not right', go('/auth/?max_agee=1')],
  ['start-again', 'Start again', go('/auth/oidc/corp/callback')],
  ['refused', 'Not signed in', go('/auth/oidc/refusing')],
  ['unavailable', 'Not possible right now', go('/auth/oidc/absent')],
  ['nowhere', 'No such page', go('/auth/nowhere')],
  [
    'expired',
    'Start again',
    async (page, kinds) => {
      await start(page, kinds)
      kinds.pages.now += 11 * 60_000
      await enter(page, { 'User name': 'alice', Password: 'right' })
    },
  ],
  ['device', DEVICE, (page, { terminal }) => page.goto(`${terminal.url}/auth/device`)],
  [
    'device-wrong',
    DEVICE,
    async (page, { terminal }) => {
      await page.goto(`${terminal.url}/auth/device`)
      await enter(page, { Code: 'BCDF-GHJK' })
    },
  ],
  ['device-confirm', 'Is this your terminal?', withTerminal],
  [
    'device-sign-in',
    SIGN_IN,
    async (page, kinds) => {
      await withTerminal(page, kinds)
      await page.getByRole('button', { name: 'It is my terminal: sign in' }).click()
    },
  ],
  [
    'device-done',
    'Signed in',
    async (page, kinds) => {
      await withTerminal(page, kinds)
      await page.getByRole('button', { name: 'It is my terminal: sign in' }).click()
      await enter(page, { 'User name': 'alice', Password: 'right' })
    },
  ],
  [
    'device-refused',
    'Refused',
    async (page, kinds) => {
      await withTerminal(page, kinds)
      await page.getByRole('button', { name: 'Refuse' }).click()
    },
  ],
]
