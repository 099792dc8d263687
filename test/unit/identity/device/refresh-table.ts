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

export const REFRESH_TABLE: readonly ProtocolRow[] = [
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
  [
    'who signs out ends what came of the sign-in, by the refresh token or the token',
    async (t, scene) => {
      const out = (form: { readonly [name: string]: string }, instance: 0 | 1 = 0) =>
        scene.call('/auth/device/logout', form, '192.0.2.1', instance)
      const first = await terminal(scene)
      const second = await scene.refresh(first.refresh_token)
      const third = await scene.refresh(second.refresh_token)
      t.same(await out({ refresh_token: String(third.refresh_token) }, 1), { status: 200 })
      t.same(new Set(scene.revoker.tokens), new Set(scene.issuer.made.map(({ tokenId }) => tokenId)), 'every token')
      t.match(await scene.refresh(third.refresh_token), { error: 'invalid_grant' })
      t.notOk(scene.actions().includes('refresh-token-reused'), 'and it is nobody who has stolen it')

      const alone = await terminal(scene, null)
      const others = scene.revoker.tokens.length
      t.same(await out({ token: String(alone.access_token) }), { status: 200 })
      t.same(scene.revoker.tokens.slice(others), [scene.issuer.made.at(-1)?.tokenId], 'that one alone')
      const used = await terminal(scene)
      const present = await scene.refresh(used.refresh_token)
      t.same(await out({ refresh_token: String(used.refresh_token) }), { status: 200 }, 'one of before is as good')
      t.match(await scene.refresh(present.refresh_token), { error: 'invalid_grant' })
    },
  ],
  [
    'what is over, or nobody made, ends nothing and is no error; what cannot be written is said',
    async (t, scene) => {
      const out = (form: { readonly [name: string]: string }) => scene.call('/auth/device/logout', form)
      const { refresh_token, access_token } = await terminal(scene)
      t.match(await out({ other: 'x' }), { status: 400, error: 'invalid_request' })
      for (const wrong of [{ token: 'x' }, { token: '' }, { refresh_token: 'r.x' }, { refresh_token: '' }]) {
        t.same(await out(wrong), { status: 200 })
      }
      t.same(scene.revoker.tokens, [])
      const both = { refresh_token: String(refresh_token), token: String(access_token) }
      for (const part of ['store', 'sealer', 'revocations', 'revoker'] as const) {
        scene.world.broken.add(part)
        t.match(await out(both), { status: 503, retry: /^\d+$/ }, part)
        scene.world.broken.clear()
      }
      t.same(await out(both), { status: 200 }, 'the twin')

      const again = { refresh_token: String((await terminal(scene)).refresh_token) }
      const last = scene.issuer.made.at(-1)?.tokenId ?? ''
      scene.world.broken.add('revoker')
      t.match(await out(again), { status: 503 })
      scene.world.broken.clear()
      t.notOk(scene.revoker.tokens.includes(last))
      t.same(await out(again), { status: 200 })
      t.ok(scene.revoker.tokens.includes(last), 'what could not be revoked before is still known')
    },
  ],
]
