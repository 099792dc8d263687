import t, { type Test } from 'tap'
import { createAdminServer } from '../../../src/admin/server.ts'
import type { Deprovisioner, ScimMatch, ScimStore } from '../../../src/model/scim.ts'
import { Secret } from '../../../src/model/secret.ts'
import { GROUP_SCHEMA, SCIM_TOKEN, USER_SCHEMA } from '../../support/scim.ts'
import { folder, NOW, open } from '../stores/store-scene.ts'
import { actions } from '../stores/store-table.ts'

const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** The routes over a real store, with who is told of what follows. */
function scene(t: Test, match: ScimMatch = 'userName') {
  const store = open(t, `${folder(t)}/store.db`)
  const followed: string[] = []
  const state = { isBroken: false, failures: 0, ids: 0 }
  const told = (kind: string) => async (id: string) => {
    if (state.isBroken) throw new Error('disk')
    followed.push(`${kind} ${id}`)
  }
  const end: Deprovisioner = { disabled: told('disabled'), enabled: told('enabled'), removed: told('removed') }
  const kept: ScimStore = { users: store.scimUsers, groups: store.scimGroups }
  const server = createAdminServer(() => [], null, {
    settings: () => ({ token: new Secret(SCIM_TOKEN), source: 'corp', match, required: false }),
    store: () => kept,
    end,
    clock: () => NOW,
    newId: () => `id-${++state.ids}`,
    isAuditWritable: () => true,
    denied: () => null,
    failed: () => void state.failures++,
  })
  t.teardown(() => server.close())
  const send = async (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    more: object = {},
  ) => {
    const type = body === undefined ? {} : { 'content-type': 'application/scim+json' }
    const headers = { authorization: `Bearer ${SCIM_TOKEN}`, ...type, ...more }
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
    const answer = await server.inject({ method, url: `/scim/v2${path}`, headers, ...payload })
    return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? {} : answer.json() }
  }
  const patch = (path: string, ...Operations: object[]) => send('PATCH', path, { schemas: [PATCH_SCHEMA], Operations })
  const user = async (more: object = {}) =>
    (await send('POST', '/Users', { schemas: [USER_SCHEMA], userName: 'alice', ...more })).body.id as string
  /** What followed since it was asked. */
  const since = () => followed.splice(0)
  return { store, state, send, patch, user, since }
}

t.test('what follows from a change, and nothing from one that is none', async (t) => {
  const { send, patch, user, since, store } = scene(t)
  const path = `/Users/${await user()}`
  t.same(since(), ['enabled alice'])
  await patch(path, { op: 'replace', path: 'displayName', value: 'Alice' })
  t.same(since(), [])
  await patch(path, { op: 'replace', path: 'active', value: false })
  t.same(since(), ['disabled alice'])
  const again = await patch(path, { op: 'replace', path: 'active', value: 'FALSE' })
  t.same(since(), [], 'it was so before')
  t.equal(again.body.meta.version, 'W/"3"', 'and no other version')
  await send('PUT', path, { schemas: [USER_SCHEMA], userName: 'alice' })
  t.same(since(), [], 'one that is written anew without a word of it stays disabled')
  t.equal((await send('GET', path)).body.active, false)
  await patch(path, { op: 'replace', path: 'displayName', value: 'Alice' }, { op: 'add', value: { active: true } })
  t.same(since(), ['enabled alice'])
  await patch(path, { op: 'replace', path: 'userName', value: 'alice.b' })
  t.same(since(), ['removed alice', 'enabled alice.b'], 'under another id she is somebody else')
  await patch(path, { op: 'replace', path: 'userName', value: 'Alice.B' })
  t.same(since(), ['disabled alice.b', 'enabled Alice.B'], 'another spelling is no other person')
  await send('DELETE', path)
  t.same(since(), ['removed Alice.B'])
  await user({ userName: 'bob', active: false })
  t.same(since(), ['disabled bob'], 'one that begins as disabled')
  t.same(await actions(store), [
    'scim-user-created alice',
    'scim-user-changed alice',
    'scim-user-disabled alice',
    'scim-user-changed alice',
    'scim-user-enabled alice',
    'scim-user-changed alice.b',
    'scim-user-changed Alice.B',
    'scim-user-removed Alice.B',
    'scim-user-created bob',
  ])
})

t.test('by the external id, where that is the id of credentials', async (t) => {
  const { patch, user, since } = scene(t, 'externalId')
  const path = `/Users/${await user({ externalId: 'x-1' })}`
  t.same(since(), ['enabled x-1'])
  await patch(path, { op: 'replace', path: 'userName', value: 'other' })
  t.same(since(), [])
  await patch(path, { op: 'replace', path: 'externalId', value: 'X-1' })
  t.same(since(), ['removed x-1', 'enabled X-1'], 'it is compared exactly')
  await patch(path, { op: 'remove', path: 'externalId' })
  t.same(since(), ['removed X-1'])
  await patch(path, { op: 'replace', path: 'active', value: false })
  t.same(since(), [], 'who has none is nobody')
})

t.test('a change that comes to nothing ends nobody', async (t) => {
  const { send, patch, user, since } = scene(t)
  const path = `/Users/${await user()}`
  await user({ userName: 'bob' })
  since()
  const taken = { status: 409, body: { scimType: 'uniqueness' } }
  const inactive = { schemas: [USER_SCHEMA], userName: 'BOB', active: false }
  t.match(await send('POST', '/Users', inactive), taken)
  t.match(await send('PUT', path, inactive), taken)
  t.match(await patch(path, { op: 'replace', path: 'userName', value: 'bob' }), taken)
  const refused = await patch(path, { op: 'replace', path: 'active', value: false }, { op: 'explode' })
  t.match(refused, { status: 400 }, 'all operations or none')
  t.match(await send('PUT', path, { ...inactive, userName: 'alice' }, { 'if-match': 'W/"7"' }), { status: 412 })
  t.match(await send('DELETE', path, undefined, { 'if-match': 'W/"7"' }), { status: 412 })
  t.same(since(), [])
  t.match(await send('PUT', path, { ...inactive, userName: 'alice' }, { 'if-match': 'W/"9", W/"1"' }), { status: 200 })
  t.same(since(), ['disabled alice'])
})

t.test('where what follows cannot be done, nothing is changed, and it can be asked for again', async (t) => {
  const { state, send, patch, user, since } = scene(t)
  const path = `/Users/${await user()}`
  since()
  state.isBroken = true
  const off = { op: 'replace', path: 'active', value: false }
  t.match(await patch(path, off), { status: 503, headers: { 'retry-after': '30' } })
  t.match(await send('DELETE', path), { status: 503 })
  t.equal(state.failures, 2)
  t.equal((await send('GET', path)).body.active, true)
  state.isBroken = false
  t.match(await patch(path, off), { status: 200 })
  t.same(since(), ['disabled alice'])
})

t.test('of many who change one group at once each is heard', async (t) => {
  const { send, patch, user } = scene(t)
  const ids = await Promise.all(Array.from({ length: 6 }, (_, index) => user({ userName: `u${index}` })))
  const group = await send('POST', '/Groups', { schemas: [GROUP_SCHEMA], displayName: 'g' })
  const path = `/Groups/${group.body.id}`
  const added = await Promise.all(ids.map((value) => patch(path, { op: 'Add', path: 'members', value: [{ value }] })))
  t.same(new Set(added.map(({ status }) => status)), new Set([200]))
  t.equal((await send('GET', path)).body.members.length, 6)
})

const WORK = { type: 'work', value: 'a@b' }
type Row = readonly [name: string, operations: readonly object[], status: number, emails?: readonly object[]]
const table: readonly Row[] = [
  ['a list', [{ op: 'add', path: 'emails', value: [WORK] }], 200, [WORK]],
  ['one of a list', [{ op: 'add', path: 'emails', value: WORK }], 200, [WORK]],
  [
    'the same twice',
    [
      { op: 'add', value: { emails: [WORK] } },
      { op: 'add', path: 'EMAILS', value: [WORK] },
    ],
    200,
    [WORK],
  ],
  [
    'one that is not there, by its type',
    [{ op: 'Replace', path: 'emails[type eq "work"].value', value: 'a@b' }],
    200,
    [WORK],
  ],
  [
    'behind the URN of the core',
    [{ op: 'add', path: `${USER_SCHEMA}:emails[type eq "work"].value`, value: 'a@b' }],
    200,
    [WORK],
  ],
  ['as the name of a member', [{ op: 'replace', value: { 'emails[type eq "work"].value': 'a@b' } }], 200, [WORK]],
  [
    'removed by its type',
    [
      { op: 'add', path: 'emails', value: [WORK, { type: 'home', value: 'c@d' }] },
      { op: 'remove', path: 'emails[type eq "home"]' },
    ],
    200,
    [WORK],
  ],
  [
    'all removed',
    [
      { op: 'add', path: 'emails', value: [WORK] },
      { op: 'remove', path: 'emails' },
    ],
    200,
  ],
  ['an attribute that is not kept', [{ op: 'add', path: 'nickName', value: 'x' }], 200],
  [
    'one of another schema',
    [{ op: 'add', path: 'urn:ietf:params:scim:schemas:extension:x:2.0:User:a.b', value: 1 }],
    200,
  ],
  ['a name of objects', [{ op: 'add', path: 'constructor.prototype', value: 'x' }], 200],
  ['another name of objects', [{ op: 'add', path: '__proto__', value: { active: false } }], 400],
  ['a part without a filter', [{ op: 'add', path: 'emails.value', value: 'a@b' }], 400],
  ['a filter that is none', [{ op: 'add', path: 'emails[type ne "work"].value', value: 'a@b' }], 400],
  ['very many', [{ op: 'add', path: 'emails', value: Array.from({ length: 21 }, (_, n) => ({ value: `${n}` })) }], 400],
  ['no operation', [], 400],
  ['another operation', [{ op: 'move', path: 'active', value: false }], 400],
  ['a removal of nothing', [{ op: 'remove' }], 400],
  ['a removal of the name', [{ op: 'remove', path: 'userName' }], 400],
  ['a removal of `active`', [{ op: 'remove', path: 'active' }], 400],
  ['no value', [{ op: 'replace', path: 'active' }], 400],
  ['a value that is no object', [{ op: 'replace', value: 'x' }], 400],
  ['a path that is no text', [{ op: 'replace', path: ['active'], value: false }], 400],
  ['a name twice, in another case', [{ op: 'replace', value: { active: true, ACTIVE: false } }], 400],
  ['`op` twice, in another case', [{ op: 'replace', OP: 'remove', path: 'active', value: false }], 400],
]

t.test('operations on a user', async (t) => {
  const { send, patch, user } = scene(t)
  for (const [index, [name, operations, status, emails]] of table.entries()) {
    const path = `/Users/${await user({ userName: `u${index}` })}`
    const answer = await patch(path, ...operations)
    t.equal(answer.status, status, `${name}: ${JSON.stringify(answer.body)}`)
    const { body } = await send('GET', path)
    t.equal(body.active, true, `${name}: nobody is disabled by it`)
    const found = (body.emails ?? []).map(({ type, value }: { type?: string; value: string }) => ({ type, value }))
    t.same(found, emails ?? [], `${name}: what is there then`)
  }
})

t.test('pages, and the attributes that are asked for', async (t) => {
  const { send, user } = scene(t)
  for (const name of ['a', 'b', 'c']) await user({ userName: name, name: { givenName: name } })
  const names = async (query: string) => {
    const { body } = await send('GET', `/Users?${query}`)
    return [
      body.totalResults,
      body.startIndex,
      body.itemsPerPage,
      ...body.Resources.map((one: { userName: string }) => one.userName),
    ]
  }
  t.same(await names('startIndex=2&count=1'), [3, 2, 1, 'b'])
  t.same(await names('startIndex=0&count=1000'), [3, 1, 3, 'a', 'b', 'c'])
  t.same(await names('count=0'), [3, 1, 0])
  t.same(await names('count=-5'), [3, 1, 0])
  t.same(await names('startIndex=9'), [3, 9, 0])
  const { body } = await send('GET', '/Users?attributes=USERNAME,name.givenName&count=1')
  t.same(Object.keys(body.Resources[0]), ['schemas', 'id', 'userName', 'name', 'meta'])
  const without = await send('GET', '/Users?excludedAttributes=name,id,active&count=1')
  t.same(Object.keys(without.body.Resources[0]), ['schemas', 'id', 'userName', 'meta'])
})
