import { request } from 'node:http'
import t, { type Test } from 'tap'
import { polled, type RunningProxy, startProxy } from '../support/proxy.ts'
import type { ProxyOptions } from '../support/proxy-folder.ts'
import { GROUP_SCHEMA, SCIM_ENV, SCIM_TOKEN, ScimClient, USER_SCHEMA } from '../support/scim.ts'

const CORP = { name: 'corp', url: 'ldap://127.0.0.1:9', base: 'dc=example', user_filter: '(uid={username})' }
const IDENTITY = { ldap: [CORP], scim: { token: { env: 'SCIM_TOKEN' }, source: 'corp' } }

async function started(t: Test, options: ProxyOptions = {}): Promise<{ proxy: RunningProxy; scim: ScimClient }> {
  const proxy = await startProxy({ upstream: 'http://127.0.0.1:9/v1', identity: IDENTITY, env: SCIM_ENV, ...options })
  t.teardown(() => proxy.close())
  return { proxy, scim: new ScimClient(proxy) }
}

/** A request as it is, with headers that may stand twice. */
function raw(port: number, method: string, path: string, headers: readonly string[]) {
  return new Promise<{ readonly status: number; readonly body: string; readonly challenge: string | undefined }>(
    (resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, path, headers: ['Host', 'x', ...headers], agent: false })
      sent.once('error', reject)
      sent.once('response', (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        const challenge = response.headers['www-authenticate']
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body, challenge }))
      })
      sent.end()
    },
  )
}

const RIGHT = ['Authorization', `Bearer ${SCIM_TOKEN}`]
type Row = readonly [name: string, path: string, headers: readonly string[], status: number]
const shown: readonly Row[] = [
  ['the token', '/scim/v2/Users', RIGHT, 200],
  ['its scheme in another case', '/scim/v2/Users', ['authorization', `bearer ${SCIM_TOKEN}`], 200],
  ['nothing', '/scim/v2/Users', [], 401],
  ['another token', '/scim/v2/Users', ['Authorization', `Bearer ${SCIM_TOKEN}x`], 401],
  ['its beginning', '/scim/v2/Users', ['Authorization', `Bearer ${SCIM_TOKEN.slice(0, -1)}`], 401],
  ['the token and another', '/scim/v2/Users', [...RIGHT, 'Authorization', 'Bearer x'], 401],
  ['another and the token', '/scim/v2/Users', ['Authorization', 'Bearer x', ...RIGHT], 401],
  ['the token twice', '/scim/v2/Users', [...RIGHT, ...RIGHT], 401],
  ['the token by Basic', '/scim/v2/Users', ['Authorization', `Basic ${btoa(`scim:${SCIM_TOKEN}`)}`], 401],
  ['the token without a scheme', '/scim/v2/Users', ['Authorization', SCIM_TOKEN], 401],
  ['the token in the query', `/scim/v2/Users?access_token=${SCIM_TOKEN}`, [], 401],
  ['the token in a cookie', '/scim/v2/Users', ['Cookie', `Authorization=Bearer ${SCIM_TOKEN}`], 401],
  ['the token in another header', '/scim/v2/Users', ['X-Api-Key', SCIM_TOKEN], 401],
  ['nothing, for what there is not', '/scim/v2/nothing', [], 401],
  ['nothing, for what is constant', '/scim/v2/ServiceProviderConfig', [], 401],
]

t.test('nothing is told without the token', async (t) => {
  const { proxy } = await started(t)
  for (const [name, path, headers, status] of shown) {
    const answer = await raw(proxy.adminPort, 'GET', path, headers)
    t.equal(answer.status, status, name)
    if (status !== 401) continue
    t.match(answer.challenge, /^Bearer/, `${name}: and what is asked for`)
    t.match(JSON.parse(answer.body), { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '401' }, name)
  }
  const first = proxy.audit.withAction('scim-denied')[0]
  t.equal(first?.get('sallyport.scim.credential'), 'missing')
  t.equal(first?.get('client.ip'), '127.0.0.1')
  const count = proxy.audit.withAction('scim-denied').length
  t.ok(count >= 5 && count < 13, `who goes on is noted ever more rarely: ${count}`)
  t.equal((await raw(proxy.adminPort, 'GET', '/scim/v2/Users', RIGHT)).status, 200, 'and keeps nobody else out')
  t.notOk(proxy.audit.text.includes(SCIM_TOKEN))
})

t.test('other paths and methods lead nowhere', async (t) => {
  const { proxy } = await started(t)
  const rows: readonly (readonly [string, string, number])[] = [
    ['GET', '/scim/v2/Users', 200],
    ['HEAD', '/scim/v2/Users', 200],
    ['GET', '/scim/v2//Users', 404],
    ['GET', '//scim/v2/Users', 404],
    ['GET', '/scim/v2/../v2/Users', 404],
    ['GET', '/SCIM/v2/Users', 404],
    ['GET', '/scim/v2/Users/..%2FGroups', 404],
    ['GET', '/scim/v2/Users/%00', 404],
    ['GET', '/scim/v2/Users/%ff', 400],
    ['GET', '/scim/v2/Users/__proto__', 404],
    ['GET', '/scim/v2/Users/constructor', 404],
    ['DELETE', '/scim/v2/Users', 404],
    ['OPTIONS', '/scim/v2/Users', 404],
    ['TRACE', '/scim/v2/Users', 404],
  ]
  for (const [method, path, status] of rows) {
    t.equal((await raw(proxy.adminPort, method, path, RIGHT)).status, status, `${method} ${path}`)
  }
  t.equal((await raw(proxy.port, 'GET', '/scim/v2/Users', RIGHT)).status, 401, 'nor is it on the proxy’s own port')
})

const user = { schemas: [USER_SCHEMA], userName: 'eve' }
const bodies: readonly (readonly [name: string, body: string | Buffer, status: number, type?: string])[] = [
  ['a good one', JSON.stringify(user), 201],
  ['a key twice', `{"schemas":["${USER_SCHEMA}"],"userName":"a","userName":"b"}`, 400],
  ['a key twice, escaped', `{"schemas":["${USER_SCHEMA}"],"userName":"a","\\u0075serName":"b"}`, 400],
  ['a key twice, in another case', `{"schemas":["${USER_SCHEMA}"],"userName":"a","USERNAME":"b"}`, 400],
  ['no schema', '{"userName":"a"}', 400],
  ['no name', JSON.stringify({ schemas: [USER_SCHEMA] }), 400],
  ['an empty name', JSON.stringify({ ...user, userName: ' ' }), 400],
  ['a name of another type', JSON.stringify({ ...user, userName: ['a'] }), 400],
  ['a name with a line break', JSON.stringify({ ...user, userName: 'a\nb' }), 400],
  ['half a character', `{"schemas":["${USER_SCHEMA}"],"userName":"\\ud800"}`, 400],
  ['a name without an end', JSON.stringify({ ...user, userName: 'x'.repeat(1025) }), 400],
  ['an active that is neither', JSON.stringify({ ...user, userName: 'b', active: 'no' }), 400],
  ['a key of objects', `{"schemas":["${USER_SCHEMA}"],"userName":"c","__proto__":{"active":false}}`, 400],
  ['another key of objects', `{"schemas":["${USER_SCHEMA}"],"userName":"d","constructor":{"prototype":{}}}`, 201],
  ['no JSON', 'userName=a', 400],
  ['a list', '[]', 400],
  ['nothing', '', 400],
  ['another charset', Buffer.from('{"a":"\xe4"}', 'latin1'), 400],
  ['too deep', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 400],
  ['too large', JSON.stringify({ ...user, x: 'x'.repeat(1024 * 1024) }), 413],
  ['another type', JSON.stringify(user), 415, 'text/plain'],
  ['a form', 'userName=a', 415, 'application/x-www-form-urlencoded'],
]

t.test('bodies are read strictly', async (t) => {
  const { proxy, scim } = await started(t)
  for (const [name, body, status, type = 'application/scim+json'] of bodies) {
    const answer = await scim.send('POST', '/Users', { raw: body, headers: { 'content-type': type } })
    t.equal(answer.status, status, `${name}: ${JSON.stringify(answer.body)}`)
    if (status >= 400) t.match(answer.body, { status: String(status) }, name)
  }
  const { body } = await scim.get('/Users')
  t.equal(body.totalResults, 2, 'only the good ones are there')
  t.equal(proxy.stderr.includes('could not be answered'), false, 'nothing of it is our own fault')
})

t.test('filters are one comparison, and never SQL', async (t) => {
  const { scim } = await started(t)
  await scim.user('alice')
  await scim.user('%')
  const filters: readonly (readonly [filter: string, status: number, total?: number])[] = [
    ['userName eq "alice"', 200, 1],
    ['USERNAME EQ "ALICE"', 200, 1],
    ['  userName  eq  "alice" ', 200, 1],
    ['userName eq "al\\u0069ce"', 200, 1],
    ['userName eq "%"', 200, 1],
    ['userName eq "ali%"', 200, 0],
    [`userName eq "' OR '1'='1"`, 200, 0],
    ['userName eq "alice\\" or \\"1\\" eq \\"1"', 200, 0],
    ['userName eq "\\u0000"', 200, 0],
    ['userName eq "alice" or userName eq "bob"', 400],
    ['userName ne "alice"', 400],
    ['userName co "a"', 400],
    ['userName pr', 400],
    ['not (userName eq "alice")', 400],
    ['active eq true', 400],
    ['userName eq true', 400],
    ['userName eq alice', 400],
    ['password eq "x"', 400],
    ['__proto__ eq "x"', 400],
    ['constructor eq "x"', 400],
    ['toString eq "x"', 400],
    ['', 400],
    [`userName eq "${'x'.repeat(2000)}"`, 400],
  ]
  for (const [filter, status, total] of filters) {
    const answer = await scim.get(`/Users?filter=${encodeURIComponent(filter)}`)
    t.equal(answer.status, status, filter.slice(0, 60))
    if (status === 200) t.equal(answer.body.totalResults, total, filter)
    else t.equal(answer.body.scimType, 'invalidFilter', filter.slice(0, 60))
  }
  for (const query of [
    'filter=userName eq "a"&filter=userName eq "b"',
    'count=x',
    'startIndex=1.5',
    'count=1&count=2',
  ]) {
    t.match(await scim.get(`/Users?${query}`), { status: 400, body: { scimType: 'invalidValue' } }, query)
  }
})

t.test('groups are bounded', async (t) => {
  const { scim } = await started(t)
  const alice = await scim.user('alice')
  const group = (members: unknown) => ({ schemas: [GROUP_SCHEMA], displayName: 'all', members })
  const many = Array.from({ length: 10_001 }, (_, index) => ({ value: `u${index}` }))
  t.match(await scim.post('/Groups', group(many)), { status: 400, body: { scimType: 'invalidValue' } })
  t.match(await scim.post('/Groups', group([{ value: 'nobody' }])), { status: 400, body: { scimType: 'invalidValue' } })
  t.match(await scim.post('/Groups', group([alice])), { status: 400, body: { scimType: 'invalidSyntax' } })
  t.match(await scim.post('/Groups', group([{ value: alice }, { value: alice }])), { status: 201 })
  t.match(await scim.post('/Groups', { ...group([]), displayName: 'ALL' }), { status: 409 })
})

t.test('without SCIM in the config there is none, and without an audit nothing is done', async (t) => {
  const { proxy } = await started(t, { identity: { ldap: [CORP] } })
  const answer = await raw(proxy.adminPort, 'GET', '/scim/v2/Users', RIGHT)
  t.equal(answer.status, 404)
  const full = await started(t, { stdout: 'full' })
  await polled(async () => (await full.proxy.admin('/readyz')).status === 503, 'the audit to be found unwritable')
  t.match(await full.scim.post('/Users', user), { status: 503, body: { status: '503' } })
  t.match(await full.scim.get('/Users'), { status: 503 })
})
