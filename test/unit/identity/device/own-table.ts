import type { Test } from 'tap'
import { NOW, signedIn } from './doubles.ts'
import { DEVICE_GRANT, type Scene } from './scene.ts'

export type ProtocolRow = readonly [name: string, test: (t: Test, scene: Scene) => Promise<void>]

const begin = (scene: Scene, form = { provider: 'local' }) => scene.call('/auth/device/code', form)

export const OWN_TABLE: readonly ProtocolRow[] = [
  [
    'a terminal asks, somebody signs in, and the next poll brings the token, whichever instance is asked',
    async (t, scene) => {
      const asked = await begin(scene)
      const code = String(asked.user_code)
      t.match(asked, {
        status: 200,
        device_code: /^[\w-]{43}$/,
        user_code: /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/,
        verification_uri: 'https://llm.example/auth/device',
        verification_uri_complete: `https://llm.example/auth/device?user_code=${code}`,
        expires_in: 600,
        interval: 5,
      })
      t.match(await scene.poll(asked.device_code), { status: 400, error: 'authorization_pending' })
      t.same(await scene.approve(code, signedIn(), 1), { ok: true, value: null })
      scene.world.now += 5000
      t.same(await scene.poll(asked.device_code, 1), {
        status: 200,
        access_token: 'token-1',
        token_type: 'Bearer',
        expires_in: 28_800,
        user: 'bob',
        issuer: 'corp',
        name: 'Bob',
      })
      const proven = { ...signedIn(), provenAt: NOW }
      t.same(scene.issuer.made[0]?.who, proven, 'it is whoever has signed in, with all that is known')
      t.match(scene.events, [
        { action: 'token-issued', principal: { id: 'bob', tokenId: scene.issuer.made[0]?.tokenId } },
      ])
    },
  ],
  [
    'a code that was used brings nothing again',
    async (t, scene) => {
      const { device_code, user_code } = await begin(scene)
      await scene.approve(user_code, signedIn())
      const polls = await Promise.all([
        scene.poll(device_code, 0),
        scene.poll(device_code, 1),
        scene.poll(device_code, 0),
      ])
      t.equal(polls.filter(({ status }) => status === 200).length, 1, 'of many at once one gets it')
      scene.world.now += 5000
      t.match(await scene.poll(device_code), { status: 400, error: 'invalid_grant' })
      t.equal(scene.issuer.made.length, 1)
    },
  ],
  [
    'who has stolen a code before somebody signs in waits like its owner, and of the two one gets the token',
    async (t, scene) => {
      const { device_code, user_code } = await begin(scene)
      t.match(await scene.poll(device_code, 1), { error: 'authorization_pending' })
      t.match(await scene.poll(device_code, 0), { error: 'slow_down' }, 'the owner notices')
      await scene.approve(user_code, signedIn())
      scene.world.now += 5000
      t.match(await scene.poll(device_code, 1), { status: 200 })
      scene.world.now += 5000
      t.match(await scene.poll(device_code, 0), { error: 'invalid_grant' }, 'and again')
    },
  ],
  [
    'a code is over after ten minutes, for who signs in and for who polls',
    async (t, scene) => {
      const [late, soon] = [await begin(scene), await begin(scene)]
      scene.world.now += 599_999
      t.same(await scene.approve(soon.user_code, signedIn()), { ok: true, value: null }, 'the twin')
      t.match(await scene.poll(soon.device_code), { status: 200 })
      scene.world.now += 1
      t.same(await scene.approve(late.user_code, signedIn()), { ok: false, fault: 'unknown' })
      t.match(await scene.poll(late.device_code), { status: 400, error: 'expired_token' })
    },
  ],
  [
    'one person is taken for one terminal, once',
    async (t, scene) => {
      const { user_code, device_code } = await begin(scene)
      t.same(await scene.approve(user_code, signedIn('bob')), { ok: true, value: null })
      t.same(await scene.approve(user_code, signedIn('mallory'), 1), { ok: false, fault: 'unknown' })
      t.match(await scene.poll(device_code), { user: 'bob' })
    },
  ],
  [
    'a code is the same however it is typed, and no other one is',
    async (t, scene) => {
      const { user_code } = await begin(scene)
      const code = String(user_code)
      for (const wrong of ['', 'AEIOU-AEI', `${code}B`, code.slice(1), 'x'.repeat(10_000), `${code}\0`, "' OR 1=1"]) {
        t.same(await scene.approve(wrong, signedIn()), { ok: false, fault: 'unknown' }, wrong.slice(0, 20))
      }
      const typed = ` ${code.toLowerCase().replace('-', ' – ')} `
      t.same(await scene.approve(typed, signedIn()), { ok: true, value: null }, typed)
    },
  ],
  [
    'somebody in very many groups is taken whole',
    async (t, scene) => {
      const groups = Array.from({ length: 2000 }, (_, index) => `a group with "quotes" and ümlauts ${index}`)
      const { user_code, device_code } = await begin(scene)
      t.same(await scene.approve(user_code, signedIn('bob', { groups })), { ok: true, value: null })
      t.match(await scene.poll(device_code), { status: 200 })
      t.same(scene.issuer.made[0]?.who.principal.groups, groups)
    },
  ],
  [
    'what is not known of a person does not become none',
    async (t, scene) => {
      const unknown = { groups: undefined, workspaces: undefined, authTime: undefined, mfa: 'unknown' as const }
      const { user_code, device_code } = await begin(scene)
      await scene.approve(user_code, { ...signedIn('bob', unknown), amr: undefined })
      await scene.poll(device_code)
      const who = scene.issuer.made[0]?.who
      t.match(who?.principal, { groups: undefined, workspaces: undefined, authTime: undefined, mfa: 'unknown' })
      t.equal(who?.amr, undefined)
    },
  ],
  [
    'too many that wait are refused, of one network before others',
    async (t, scene) => {
      const ask = (client: string) => scene.call('/auth/device/code', { provider: 'local' }, client)
      for (let count = 0; count < 100; count++) t.equal((await ask('2001:db8:1:2::1')).status, 200)
      t.match(await ask('2001:db8:1:2:ffff::9'), { status: 429, retry: /^\d+$/ }, 'the same network')
      t.match(await ask('2001:db8:1:3::1'), { status: 429 }, 'nor one beside it: a site has 65,536 of them')
      t.match(await ask('2001:db8:2:2::1'), { status: 200 }, 'the twin')
    },
  ],
  [
    'what cannot be understood is said to be so',
    async (t, scene) => {
      const token = (form: Record<string, string>) => scene.call('/auth/device/token', form)
      t.match(await token({ x: '1' }), { status: 400, error: 'invalid_request' })
      t.match(await token({ grant_type: DEVICE_GRANT }), { status: 400, error: 'invalid_request' })
      t.match(await token({ grant_type: 'refresh_token' }), { status: 400, error: 'invalid_request' })
      for (const grant_type of [
        'password',
        'client_credentials',
        'authorization_code',
        `${DEVICE_GRANT} `,
        '__proto__',
      ]) {
        t.match(await token({ grant_type, device_code: 'x' }), { status: 400, error: 'unsupported_grant_type' })
      }
      for (const code of ['x', 'p.', 'p.x', '', 'p.'.repeat(6000), "' OR 1=1", 'p.AAAA']) {
        t.match(await token({ grant_type: DEVICE_GRANT, device_code: code }), { status: 400, error: 'invalid_grant' })
      }
      const wrong = [
        { provider: 'nobody' },
        { provider: '' },
        { provider: '__proto__' },
        { acr_values: '' },
        { acr_values: 'a  b' },
        { acr_values: 'a a' },
        { acr_values: 'a"b' },
        { acr_values: 'ä' },
        { max_age: '-1' },
        { max_age: '1e3' },
        { max_age: '' },
      ]
      for (const form of wrong) {
        const answer = await scene.call('/auth/device/code', form)
        t.match(answer, { status: 400, error: 'invalid_request' }, JSON.stringify(form))
      }
      t.match(
        await scene.call('/auth/device/code', { acr_values: 'gold phr', max_age: '0' }),
        { status: 200 },
        'the twin',
      )
    },
  ],
  [
    'what cannot be looked up, made, sealed or audited is unavailable, and no token is handed out',
    async (t, scene) => {
      for (const part of ['store', 'sealer'] as const) {
        scene.world.broken.add(part)
        t.match(await begin(scene), part === 'store' ? { status: 503, retry: '5' } : { status: 200 }, part)
        scene.world.broken.clear()
      }
      for (const part of ['store', 'sealer', 'issuer', 'audit'] as const) {
        const { user_code, device_code } = await begin(scene)
        await scene.approve(user_code, signedIn())
        scene.world.broken.add(part)
        const answer = await scene.poll(device_code)
        t.match(answer, { status: 503, error: 'temporarily_unavailable' }, part)
        t.notOk('access_token' in answer)
        scene.world.broken.clear()
      }
      t.same(scene.actions(), [])
      const { user_code } = await begin(scene)
      scene.world.broken.add('store')
      t.same(await scene.approve(user_code, signedIn()), { ok: false, fault: 'unavailable' })
    },
  ],
  [
    'who can have no token is told why',
    async (t, scene) => {
      for (const fault of ['too_large', 'expired'] as const) {
        const { user_code, device_code } = await begin(scene)
        await scene.approve(user_code, signedIn())
        scene.issuer.fault = fault
        t.match(await scene.poll(device_code), { status: 400, error: 'access_denied' }, fault)
      }
    },
  ],
  [
    'terminals are told who signs people in, and nothing else',
    async (t, scene) => {
      t.same(await scene.call('/auth/providers', {}), {
        status: 200,
        providers: [
          { name: 'corp', kind: 'oidc', label: 'Corp' },
          { name: 'ad', kind: 'ldap', label: 'ad' },
          { name: 'local', kind: 'local', label: 'local' },
        ],
      })
    },
  ],
]
