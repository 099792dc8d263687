import t, { type Test } from 'tap'
import { POSTGRES_LEFT_OUT, startPostgres } from '../support/postgres.ts'
import { type RunningProxy, startProxy } from '../support/proxy.ts'
import type { ProxyOptions } from '../support/proxy-folder.ts'
import { GROUP_SCHEMA, SCIM_ENV, SCIM_TOKEN, ScimClient, USER_SCHEMA } from '../support/scim.ts'

/** Nobody asks it anything here. */
const CORP = { name: 'corp', url: 'ldap://127.0.0.1:9', base: 'dc=example', user_filter: '(uid={username})' }
const SCIM = { token: { env: 'SCIM_TOKEN' }, source: 'corp' }

async function started(t: Test, options: ProxyOptions = {}): Promise<RunningProxy> {
  const proxy = await startProxy({
    upstream: 'http://127.0.0.1:9/v1',
    identity: { ldap: [CORP], scim: SCIM },
    ...options,
    env: { ...SCIM_ENV, ...options.env },
  })
  t.teardown(() => proxy.close())
  return proxy
}

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const ADSCIM = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'

/** The requests of the provisioning service of Microsoft Entra ID, in its words. */
async function entra(t: Test, scim: ScimClient) {
  const tested = await scim.get(`/Users?filter=userName+eq+"${crypto.randomUUID()}"`)
  t.match(tested, { status: 200, body: { totalResults: 0, Resources: [] } }, 'Test Connection')
  const made = await scim.post('/Users', {
    schemas: [USER_SCHEMA, ENTERPRISE],
    externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
    userName: 'Ada@contoso.example',
    active: true,
    displayName: 'Ada L',
    emails: [{ primary: true, type: 'work', value: 'ada@contoso.example' }],
    meta: { resourceType: 'User' },
    name: { formatted: 'Ada Lovelace', familyName: 'Lovelace', givenName: 'Ada' },
    title: 'Countess',
    roles: [],
    [ENTERPRISE]: { department: 'Engines', manager: 'x' },
  })
  t.match(made, { status: 201, body: { userName: 'Ada@contoso.example', active: true, meta: { version: 'W/"1"' } } })
  t.notMatch(JSON.stringify(made.body), /Countess|Engines/, 'what is of no use is not kept')
  const path = `/Users/${made.body.id}`
  t.equal(made.headers.get('location'), `/scim/v2${path}`)
  const again = await scim.get('/Users?filter=externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"')
  t.match(again.body, { totalResults: 1, Resources: [{ id: made.body.id }] })
  const changed = await scim.patch(
    path,
    { op: 'Replace', path: 'emails[type eq "work"].value', value: 'ada2@contoso.example' },
    { op: 'Add', path: 'emails[type eq "other"].value', value: 'ada@home.example' },
    { op: 'Replace', path: 'name.familyName', value: 'King' },
    { op: 'Add', path: `${ENTERPRISE}:department`, value: 'Poetry' },
    { op: 'Replace', value: { displayName: 'Ada King', 'name.givenName': 'Augusta', [`${ENTERPRISE}:division`]: 'x' } },
  )
  t.match(changed.body, {
    displayName: 'Ada King',
    name: { familyName: 'King', givenName: 'Augusta' },
    emails: [
      { type: 'work', value: 'ada2@contoso.example', primary: true },
      { type: 'other', value: 'ada@home.example' },
    ],
    meta: { version: 'W/"2"' },
  })
  const disabled = await scim.patch(path, { op: 'Replace', path: 'active', value: 'False' })
  t.match(disabled, { status: 200, body: { active: false } })
  t.match(await scim.get('/Users?filter=userName eq "ada@CONTOSO.example"'), {
    body: { Resources: [{ active: false }] },
  })
  t.match(await scim.patch(path, { op: 'Add', path: 'active', value: 'True' }), { body: { active: true } })
  await entraGroups(t, scim, String(made.body.id))
  t.equal((await scim.delete(path)).status, 204)
  t.match(await scim.get(path), { status: 404, body: { status: '404' } })
  t.equal((await scim.delete(path)).status, 404)
}

async function entraGroups(t: Test, scim: ScimClient, id: string) {
  const made = await scim.post('/Groups', {
    schemas: [GROUP_SCHEMA, ADSCIM],
    externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
    displayName: 'Engineers',
    meta: { resourceType: 'Group' },
  })
  t.match(made, { status: 201, body: { displayName: 'Engineers', members: [] } })
  const path = `/Groups/${made.body.id}`
  const members = [{ $ref: null, value: id }]
  t.equal((await scim.patch(path, { op: 'Add', path: 'members', value: members })).status, 200)
  const without = await scim.get(`/Groups?excludedAttributes=members&filter=displayName eq "engineers"`)
  t.match(without.body, { totalResults: 1, Resources: [{ displayName: 'Engineers' }] })
  t.notMatch(JSON.stringify(without.body), /members/)
  t.match((await scim.get(path)).body, { members: [{ value: id }] })
  t.same((await scim.patch(path, { op: 'Remove', path: 'members', value: members })).body.members, [])
  t.match(await scim.patch(path, { op: 'Replace', path: 'displayName', value: 'Makers' }), {
    body: { displayName: 'Makers' },
  })
  t.equal((await scim.delete(path)).status, 204)
}

/** The requests of Okta, in its words. */
async function okta(t: Test, scim: ScimClient) {
  const asked = await scim.get('/Users?filter=userName eq "bob@okta.example"&startIndex=1&count=100')
  t.match(asked.body, { totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] })
  const profile = {
    schemas: [USER_SCHEMA],
    userName: 'bob@okta.example',
    name: { givenName: 'Bob', familyName: 'Builder' },
    emails: [{ primary: true, value: 'bob@okta.example', type: 'work' }],
    displayName: 'Bob Builder',
    locale: 'en-US',
    externalId: '00ujl29u0le5T6Aj10h7',
    groups: [],
    password: '1mz050nq',
    active: true,
  }
  const made = await scim.post('/Users', profile)
  t.equal(made.status, 201)
  t.notMatch(JSON.stringify(made.body), /1mz050nq|password/, 'a password is not read')
  const path = `/Users/${made.body.id}`
  const own = (await scim.get(path)).body
  t.match(await scim.put(path, { ...own, displayName: 'Bob B.' }), { status: 200, body: { displayName: 'Bob B.' } })
  const disabled = await scim.patch(path, { op: 'replace', value: { active: false } })
  t.match(disabled, { status: 200, body: { active: false, displayName: 'Bob B.' } })
  t.match(await scim.post('/Users', profile), { status: 409, body: { scimType: 'uniqueness', status: '409' } })
  t.match(await scim.patch(path, { op: 'replace', value: { active: true } }), { body: { active: true } })
  const second = await scim.user('carol@okta.example')
  const group = await scim.post('/Groups', { schemas: [GROUP_SCHEMA], displayName: 'Test SCIMv2', members: [] })
  const ofGroup = `/Groups/${group.body.id}`
  const both = [{ value: made.body.id, display: 'bob@okta.example' }, { value: second }]
  t.equal((await scim.patch(ofGroup, { op: 'add', path: 'members', value: both })).status, 200)
  const renamed = { op: 'replace', value: { id: group.body.id, displayName: 'Test SCIMv2 again' } }
  t.match(await scim.patch(ofGroup, renamed), { body: { displayName: 'Test SCIMv2 again', id: group.body.id } })
  const removed = await scim.patch(ofGroup, { op: 'remove', path: `members[value eq "${second}"]` })
  t.match(removed.body.members, [{ value: made.body.id }])
  const replaced = await scim.patch(ofGroup, { op: 'replace', path: 'members', value: [{ value: second }] })
  t.match(replaced.body.members, [{ value: second }])
  await scim.delete(`/Users/${second}`)
  t.same((await scim.get(ofGroup)).body.members, [], 'who is gone is in no group')
  t.match(await scim.get('/Groups?startIndex=1&count=100'), { body: { totalResults: 1, itemsPerPage: 1 } })
}

async function both(t: Test, options: ProxyOptions = {}) {
  const proxy = await started(t, options)
  const scim = new ScimClient(proxy)
  await t.test('Microsoft Entra ID', (t) => entra(t, scim))
  await t.test('Okta', (t) => okta(t, scim))
  await t.test('what there is', async (t) => {
    t.match(await scim.get('/ServiceProviderConfig'), {
      body: { patch: { supported: true }, bulk: { supported: false } },
    })
    t.match(await scim.get('/ResourceTypes'), { body: { totalResults: 2 } })
    t.match(await scim.get('/ResourceTypes/User'), { body: { endpoint: '/Users' } })
    t.match(await scim.get(`/Schemas/${GROUP_SCHEMA}`), { body: { name: 'Group' } })
    t.match(await scim.get('/Schemas'), { body: { totalResults: 2 } })
    for (const path of ['/Bulk', '/Me', '/Users/', '/Schemas/x', '/nothing'])
      t.equal((await scim.get(path)).status, 404)
    const { headers } = await scim.get('/Users')
    t.match(headers.get('content-type'), 'application/scim+json')
    t.equal(headers.get('access-control-allow-origin'), null)
  })
  t.equal(await proxy.stop(), 0)
  t.notOk((proxy.audit.text + proxy.stderr).includes(SCIM_TOKEN), 'the token stands nowhere')
}

t.test('what providers really send', (t) => both(t))

t.test('the same with PostgreSQL', { skip: POSTGRES_LEFT_OUT ?? false }, async (t) => {
  const cluster = await startPostgres(t)
  await both(t, { config: { store: { env: 'STORE_URL' } }, env: { STORE_URL: await cluster.database() } })
})
