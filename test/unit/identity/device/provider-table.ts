import { REJECTED, renewed, UNAVAILABLE } from './doubles.ts'
import type { ProtocolRow } from './own-table.ts'
import type { Scene } from './scene.ts'

const begin = (scene: Scene) => scene.call('/auth/device/code', { provider: 'corp', acr_values: 'gold' })

/** A terminal with a token that can be renewed. */
async function terminal(scene: Scene, grant: string | null = 'grant-1-of-corp') {
  const { device_code } = await begin(scene)
  scene.provider.answer = renewed('bob', grant)
  return scene.poll(device_code)
}

const device: readonly ProtocolRow[] = [
  [
    'a provider without a device flow is signed in to by the pages, and one that is away is told of',
    async (t, scene) => {
      scene.provider.start = REJECTED
      t.match(await begin(scene), { status: 200, verification_uri: 'https://llm.example/auth/device' })
      t.same(scene.actions(), [])
      scene.provider.start = UNAVAILABLE
      t.match(await begin(scene), { status: 503, error: 'temporarily_unavailable', retry: '7' })
      t.same(scene.actions(), ['sign-in-failed'])
      scene.provider.start = null
      t.match(await begin(scene), { verification_uri: 'https://idp.example/device' }, 'the twin')
    },
  ],
  [
    "a provider's own device flow is used where it has one, and nothing of it is kept here",
    async (t, scene) => {
      const asked = await begin(scene)
      t.match(asked, { status: 200, user_code: 'WXYZ', verification_uri: 'https://idp.example/device', interval: 5 })
      t.notOk('verification_uri_complete' in asked)
      t.match(await scene.poll(asked.device_code, 1), { error: 'authorization_pending' })
      scene.provider.answer = renewed('bob', 'grant-1-of-corp')
      scene.world.now += 5000
      t.match(await scene.poll(asked.device_code, 0), { status: 200, user: 'bob', refresh_token: /^r\.[\w-]+$/ })
      t.same(scene.actions(), ['sign-in-succeeded', 'token-issued'])
      t.notMatch(JSON.stringify(asked), /upstream/, 'what the provider gave stays sealed')
    },
  ],
  [
    'a provider is not asked more often than it wants to be',
    async (t, scene) => {
      const { device_code } = await begin(scene)
      const polls = await Promise.all(Array.from({ length: 50 }, () => scene.poll(device_code)))
      t.equal(scene.provider.polls, 1)
      t.equal(polls.filter(({ error }) => error === 'slow_down').length, 49)
      scene.world.now += 4000
      t.match(await scene.poll(device_code), { error: 'authorization_pending' }, 'a little early was late before')
      scene.world.now += 5000
      scene.provider.answer = { outcome: 'slow_down' }
      t.match(await scene.poll(device_code), { error: 'slow_down' }, 'and what it says is passed on')
    },
  ],
  [
    'a code of a provider brings one token, even where the provider would give another',
    async (t, scene) => {
      const { device_code } = await begin(scene)
      scene.provider.answer = renewed('bob', null)
      t.match(await scene.poll(device_code), { status: 200 })
      scene.world.now += 9000
      t.match(await scene.poll(device_code), { error: 'invalid_grant' })
      t.equal(scene.issuer.made.length, 1)
    },
  ],
  [
    'what a provider refuses is refused, and what it cannot say is not',
    async (t, scene) => {
      const { device_code } = await begin(scene)
      scene.provider.answer = UNAVAILABLE
      t.match(await scene.poll(device_code), { status: 503, retry: '7' })
      scene.world.now += 5000
      scene.provider.answer = REJECTED
      t.match(await scene.poll(device_code), { status: 400, error: 'access_denied' })
      scene.world.now += 5000
      scene.provider.answer = renewed('bob', null)
      t.match(await scene.poll(device_code), { error: 'invalid_grant' }, 'it stays so')
      t.same(scene.actions(), ['sign-in-failed', 'sign-in-failed'])
    },
  ],
  [
    "a provider's code is over when it says so, and when the sealed text says so",
    async (t, scene) => {
      const one = await begin(scene)
      scene.provider.answer = { outcome: 'expired' }
      t.match(await scene.poll(one.device_code), { error: 'expired_token' })
      const two = await begin(scene)
      scene.provider.answer = renewed('bob', null)
      scene.world.now += 600_000
      t.match(await scene.poll(two.device_code), { error: 'expired_token' })
    },
  ],
  [
    'a code that was changed is none',
    async (t, scene) => {
      const { device_code } = await begin(scene)
      const code = String(device_code)
      const at = 40
      const changed = code.slice(0, at) + (code[at] === 'A' ? 'B' : 'A') + code.slice(at + 1)
      scene.provider.answer = renewed('bob', null)
      t.match(await scene.poll(changed), { error: 'invalid_grant' })
      t.match(await scene.poll(code), { status: 200 }, 'the twin')
    },
  ],
]

const refresh: readonly ProtocolRow[] = [
  [
    'a token is renewed without the person, by another refresh token each time',
    async (t, scene) => {
      const first = await terminal(scene)
      scene.provider.renewal = renewed('bob', 'grant-2-of-corp')
      const second = await scene.refresh(first.refresh_token, 1)
      t.match(second, { status: 200, access_token: 'token-2', user: 'bob' })
      t.not(second.refresh_token, first.refresh_token)
      scene.provider.renewal = renewed('bob', null)
      t.match(await scene.refresh(second.refresh_token), { status: 200, access_token: 'token-3' })
      t.same(scene.provider.grants, ['grant-1-of-corp', 'grant-2-of-corp'], 'the one that the provider gave last')
      t.same(scene.actions(), ['sign-in-succeeded', 'token-issued', 'token-issued', 'token-issued'])
      t.match(scene.events.at(-1)?.extra, { 'sign_in.purpose': 'refresh' })
      t.notMatch(JSON.stringify([first, second]), /of-corp/)
    },
  ],
  [
    'a refresh token that is used again ends everything that came of the sign-in',
    async (t, scene) => {
      const first = await terminal(scene)
      const second = await scene.refresh(first.refresh_token)
      t.match(await scene.refresh(first.refresh_token, 1), { status: 400, error: 'invalid_grant' })
      t.same(new Set(scene.revoker.tokens), new Set(scene.issuer.made.map(({ tokenId }) => tokenId)))
      t.match(await scene.refresh(second.refresh_token), { error: 'invalid_grant' }, 'the thief goes no further either')
      t.same(scene.actions(), ['sign-in-succeeded', 'token-issued', 'token-issued', 'refresh-token-reused'])
      t.match(await scene.refresh((await terminal(scene)).refresh_token), { status: 200 }, 'the twin: a new sign-in')
    },
  ],
  [
    'of several that use one at the same time at most one has a token, and it is revoked',
    async (t, scene) => {
      const { refresh_token } = await terminal(scene)
      const answers = await Promise.all(
        ([0, 1, 0, 1, 1] as const).map((instance) => scene.refresh(refresh_token, instance)),
      )
      const won = answers.filter(({ status }) => status === 200)
      t.ok(won.length <= 1)
      const made = scene.issuer.made.map(({ token, tokenId }) => [token, tokenId] as const)
      for (const { access_token } of won) {
        const [, tokenId = ''] = made.find(([token]) => token === access_token) ?? []
        t.ok(scene.revoker.tokens.includes(tokenId), 'what was handed out is revoked')
      }
      t.ok(scene.revoker.tokens.includes(made[0]?.[1] ?? ''), 'and so is the one of before')
      t.match(await scene.refresh(won[0]?.refresh_token ?? refresh_token), { error: 'invalid_grant' })
      t.equal(scene.actions().filter((action) => action === 'refresh-token-reused').length, 1, 'one alert')
    },
  ],
  [
    'what was sealed for something else is no refresh token',
    async (t, scene) => {
      const { device_code } = await begin(scene)
      const sealed = String(device_code).slice(2)
      for (const wrong of [
        `r.${sealed}`,
        sealed,
        `p.${sealed}`,
        'r.',
        'r.x',
        '',
        'r.'.repeat(9000),
        'grant-1-of-corp',
      ]) {
        t.match(await scene.refresh(wrong), { status: 400, error: 'invalid_grant' }, wrong.slice(0, 8))
      }
      const { refresh_token } = await terminal(scene)
      t.match(await scene.poll(`p.${String(refresh_token).slice(2)}`), { error: 'invalid_grant' }, 'nor the other way')
      t.match(await scene.refresh(refresh_token), { status: 200 }, 'the twin')
    },
  ],
  [
    'whose sign-ins were revoked has none renewed',
    async (t, scene) => {
      const { refresh_token } = await terminal(scene)
      scene.revoked.subject = 'bob'
      t.match(await scene.refresh(refresh_token), { error: 'invalid_grant' })
      t.same(scene.provider.grants, [], 'the provider is not asked')
      scene.revoked.subject = null
      t.match(await scene.refresh(refresh_token), { error: 'invalid_grant' }, 'it has ended')
    },
  ],
  [
    'a provider that lets nobody in any more, or names somebody else, ends it',
    async (t, scene) => {
      for (const renewal of [REJECTED, renewed('mallory', 'grant-2-of-corp')]) {
        const { refresh_token } = await terminal(scene)
        scene.provider.renewal = renewal
        t.match(await scene.refresh(refresh_token), { error: 'invalid_grant' })
        scene.provider.renewal = renewed('bob', null)
        t.match(await scene.refresh(refresh_token), { error: 'invalid_grant' }, 'for good')
      }
      t.ok(scene.issuer.made.every(({ who }) => who.principal.id === 'bob'))
    },
  ],
  [
    'what nobody can tell at the moment is tried again with the same refresh token',
    async (t, scene) => {
      const { refresh_token } = await terminal(scene)
      for (const part of ['store', 'sealer', 'issuer', 'audit', 'revocations'] as const) {
        scene.world.broken.add(part)
        t.match(await scene.refresh(refresh_token), { status: 503, retry: /^\d+$/ }, part)
        scene.world.broken.clear()
      }
      scene.provider.renewal = UNAVAILABLE
      t.match(await scene.refresh(refresh_token), { status: 503 })
      scene.provider.renewal = renewed('bob', null)
      t.match(await scene.refresh(refresh_token), { status: 200 })
      t.notOk(scene.actions().includes('refresh-token-reused'))
    },
  ],
  [
    'tokens that cannot be revoked are told of, and the family has ended nevertheless',
    async (t, scene) => {
      const first = await terminal(scene)
      const second = await scene.refresh(first.refresh_token)
      scene.world.broken.add('revoker')
      t.match(await scene.refresh(first.refresh_token), { status: 503 })
      t.match(scene.events.at(-1), { action: 'refresh-token-reused', outcome: 'failure' })
      t.match(await scene.refresh(second.refresh_token), { error: 'invalid_grant' })
    },
  ],
  [
    'after thirty days somebody signs in again',
    async (t, scene) => {
      const first = await terminal(scene)
      scene.world.now += 30 * 86_400_000 - 1
      const second = await scene.refresh(first.refresh_token)
      t.equal(second.status, 200, 'the twin')
      scene.world.now += 1
      t.match(await scene.refresh(second.refresh_token), { error: 'invalid_grant' })
    },
  ],
  [
    'who cannot be renewed has a token and no refresh token',
    async (t, scene) => {
      t.notOk('refresh_token' in (await terminal(scene, null)), 'the provider gave none')
      scene.world.broken.clear()
      const { user_code, device_code } = await scene.call('/auth/device/code', { provider: 'local' })
      await scene.approve(user_code, renewed('bob', null).who)
      t.notOk('refresh_token' in (await scene.poll(device_code)))
    },
  ],
]

export const PROVIDER_TABLE: readonly ProtocolRow[] = [...device, ...refresh]
