import t, { type Test } from 'tap'
import { folderOf, runCli } from '../../support/cli.ts'

const CONFIG = {
  version: 1,
  listen: { proxy: '127.0.0.1:0' },
  identity: { api_keys: { enabled: true } },
  upstreams: [
    { name: 'far', url: 'https://far.example/v1', models: ['gpt-*'], region: 'us' },
    { name: 'near', url: 'https://near.example/v1', models: ['gpt-*'], region: 'eu' },
  ],
  passthrough: [
    { name: 'vendor', path: '/vendor/', upstream: 'near' },
    { name: 'admin', path: '/v1/organization/*', upstream: 'far' },
  ],
  policies: ['../policies'],
}
const ROLES = { analyst: { members: [{ group: 'analysts' }] }, admin: { members: [{ group: 'admins' }] } }
const EU = { id: 'eu', effect: 'allow', roles: ['analyst'], operations: ['passthrough.*'], when: { region: ['eu'] } }
const ALL = { id: 'all', effect: 'allow', roles: ['admin'] }

const policy = (...rules: readonly object[]) => JSON.stringify({ version: 1, roles: ROLES, rules })

const folder = (test: Test, rules: readonly object[] = [EU, ALL]) =>
  folderOf(test, { 'config/sallyport.yaml': JSON.stringify(CONFIG), 'policies/policy.yaml': policy(...rules) })

t.test('`policy explain` decides a route for the upstream that it leads to', async (t) => {
  const cwd = folder(t)
  const explain = async (group: string, operation: string) => {
    const argv = ['policy', 'explain', '--json', '--as', 'a', '--group', group, '--operation', operation]
    const { code, out, err } = await runCli(argv, cwd)
    return out === ''
      ? [code, err]
      : [JSON.parse(out).effect, JSON.parse(out).unmet.map(({ condition }: never) => condition)]
  }
  t.match(await explain('analysts', 'passthrough.vendor'), ['allow'])
  t.match(await explain('analysts', 'passthrough.admin'), ['deny'], 'the other one is elsewhere')
  t.match(await explain('admins', 'passthrough.vendor'), ['deny', /operations/], 'a rule must name it')
  t.match(await explain('admins', 'chat'), ['allow'], 'which it need not for what is judged')
  t.match(await explain('analysts', 'passthrough.vendro'), [2, /did you mean `passthrough.vendor`/])
})

t.test('`policy who-can` tells who reaches a route', async (t) => {
  const cwd = folder(t)
  const who = (operation: string) => runCli(['policy', 'who-can', '--operation', operation], cwd)
  const { code, out } = await who('passthrough.vendor')
  t.equal(code, 0)
  t.match(out, /analyst/)
  t.notMatch(out, /admin/)
  t.match(await who('passthrough.vendro'), { code: 2, err: /did you mean `passthrough.vendor`/ })
})

t.test('`policy diff` tells what a rule opens, and that a rule about everything else opens none', async (t) => {
  const cwd = folder(t)
  const diff = async (before: readonly object[], after: readonly object[]) => {
    const pair = folderOf(t, { 'old.yaml': policy(...before), 'new.yaml': policy(...after) })
    return (await runCli(['policy', 'diff', `${pair}/old.yaml`, `${pair}/new.yaml`], cwd)).out
  }
  t.match(await diff([ALL], [ALL, EU]), /passthrough/)
  const every = { ...ALL, operations: ['*'] }
  t.match(await diff([ALL], [every]), /passthrough/, 'a star is about routes, too')
  t.match(await diff([EU], [EU, ALL]), /every operation but passthrough/)
  const tools = { ...EU, when: { ...EU.when, tools: { hosted: [] } } }
  t.match(await diff([EU], [tools]), /passthrough/, 'nothing of a body can be told')
})
