import { REJECTED, renewed, UNAVAILABLE } from './doubles.ts'
import type { ProtocolRow } from './own-table.ts'
import type { Scene } from './scene.ts'

const begin = (scene: Scene) => scene.call('/auth/device/code', { provider: 'corp', acr_values: 'gold' })

export const PROVIDER_TABLE: readonly ProtocolRow[] = [
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
