import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { folderOf, runCli, writeFiles } from '../support/cli.ts'
import { yaml } from '../support/proxy-folder.ts'

const CONFIG = {
  version: 1,
  listen: { proxy: '127.0.0.1:0', admin: '127.0.0.1:0', spool: 'uploads' },
  identity: { issuers: [{ name: 'corp', issuer: 'https://idp.example', audience: ['sallyport'] }] },
  upstreams: [{ name: 'us', url: 'https://us.example/v1', models: ['gpt-*'], isolation: 'off' }],
  policies: ['policy.yaml'],
}
const POLICY = {
  version: 1,
  roles: { staff: { members: [{ issuer: 'corp' }] } },
  rules: [{ id: 'staff', effect: 'allow', roles: ['staff'], operations: ['chat'] }],
}

const folder = folderOf(t, { 'config.yaml': yaml(CONFIG), 'policy.yaml': yaml(POLICY) })
const run = (...argv: string[]) => runCli([...argv, '--config', 'config.yaml'], folder)
const SAID = /^config\.yaml:\d+:\d+: uploads cannot be kept in `.*uploads`: that is no folder\n.*"spool": "uploads"/

t.test('a folder that uploads cannot be kept in is found before anything is served', async (t) => {
  writeFileSync(join(folder, 'uploads'), '')
  const checked = await run('check')
  t.same([checked.code, checked.out], [1, ''])
  t.match(checked.err, SAID)
  t.match(JSON.parse((await run('check', '--json')).out), [{ severity: 'error', code: 'spool_unusable' }])
  const served = await run('serve')
  t.same([served.code, served.out], [2, ''], 'no event is written')
  t.match(served.err, SAID)
  t.equal((await run('check', '--no-secrets')).code, 0, 'of another machine nothing can be told')
})

t.test('one that they can be kept in, or that can be made, is sound', async (t) => {
  writeFiles(folder, { 'config.yaml': yaml({ ...CONFIG, listen: { ...CONFIG.listen, spool: 'other' } }) })
  t.equal((await run('check')).code, 0)
  mkdirSync(join(folder, 'other'))
  t.equal((await run('check')).code, 0)
})
