import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { main } from '../../src/cli/main.ts'
import type { RunningProxy } from '../support/proxy.ts'
import { requestBytes } from '../support/raw-client.ts'
import { ALICE, allows, BOB, CAROL, CHAT, chatBody, chatBytes, endInOrder, sent, startWorld } from '../support/world.ts'

const POLICY = {
  version: 1,
  roles: {
    analyst: { members: [{ issuer: 'corp', group: 'analysts' }] },
    finance: { members: [{ claim: { path: 'department', equals: 'finance' } }] },
    program: {},
  },
  aliases: { fast: 'gpt-4o-mini' },
  workspaces: { lab: { members: [{ group: 'analysts' }] }, admin: { members: [{ group: 'admins' }] } },
  rules: [
    { id: 'listing', effect: 'allow', operations: ['models.list'] },
    {
      id: 'small',
      effect: 'allow',
      roles: ['analyst'],
      models: ['gpt-4o-mini'],
      operations: ['chat'],
      when: { tools: { functions: ['search'], hosted: [] }, input: { images: false, max_bytes: '16KiB' } },
    },
    { id: 'large', effect: 'allow', roles: ['finance'], models: ['gpt-4o'], operations: ['chat'], when: { mfa: true } },
    { id: 'programs', effect: 'allow', roles: ['program'], models: ['gpt-4o-mini'], operations: ['chat'] },
    { id: 'short', effect: 'deny', models: ['gpt-4'], when: { max_output_tokens: { at_most: 10 } } },
    { id: 'any-four', effect: 'allow', roles: ['analyst'], models: ['gpt-4'], operations: ['chat'] },
  ],
}

const tool = (name: string) => ({ type: 'function', function: { name, parameters: {} } })
const picture = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://files.example/a.png' } }] }]

async function policy({ folder, configFile }: RunningProxy, ...argv: string[]) {
  const out = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      out[name] += text
    },
  })
  const io = { stdout: sink('stdout'), stderr: sink('stderr'), env: {}, cwd: folder }
  return { code: await main(['policy', ...argv, '--config', configFile], io), ...out }
}

t.test('what a running proxy records is decided again', async (t) => {
  const world = await startWorld(t, { policy: POLICY })
  const { proxy } = world
  const [alice, bob, carol] = await Promise.all([ALICE, BOB, CAROL].map((person) => world.token(person)))
  if (!alice || !bob || !carol) throw new Error('a person without a token')
  const key = await keyOf(proxy)
  world.secrets.add(key)
  const lab = ['Content-Type: application/json', 'OpenAI-Project: lab']
  const requests: readonly (readonly [string, Buffer])[] = [
    ['an alias', chatBytes(alice, chatBody('fast'))],
    ['a tool', chatBytes(alice, chatBody('fast', { tools: [tool('search')] }))],
    ['a tool that is not granted', chatBytes(alice, chatBody('fast', { tools: [tool('rm')] }))],
    ['a picture', chatBytes(alice, chatBody('gpt-4o-mini', { messages: picture }))],
    ['a body that is too large', chatBytes(alice, chatBody('gpt-4o-mini', { user: 'x'.repeat(20_000) }))],
    ['a role by a claim, with a second factor', chatBytes(alice, chatBody('gpt-4o'))],
    ['neither', chatBytes(bob, chatBody('gpt-4o'))],
    ['few tokens', chatBytes(alice, chatBody('gpt-4', { max_completion_tokens: 5 }))],
    ['many tokens', chatBytes(alice, chatBody('gpt-4', { max_completion_tokens: 50 }))],
    ['tokens that are not limited', chatBytes(alice, chatBody('gpt-4'))],
    ['several workspaces', chatBytes(carol, chatBody('fast'))],
    ['several workspaces, of which it names one', chatBytes(carol, chatBody('fast'), lab)],
    ['a model that nobody serves', chatBytes(alice, chatBody('other'))],
    ['a body that is none', chatBytes(alice, 'x')],
    ['nobody', chatBytes('sp_nobody', chatBody('fast'))],
    ['the list of models', requestBytes('GET /v1/models HTTP/1.1', ['Host: x', `Authorization: Bearer ${bob}`])],
    ['a program', chatBytes(key, chatBody('fast'))],
  ]
  const ids = new Map<string, string>()
  for (const [name, bytes] of requests) {
    const method = name.startsWith('the list') ? 'GET' : 'POST'
    ids.set(name, (await sent(world, bytes, method)).answer.header('x-request-id') ?? '')
  }
  await allows(
    t,
    world,
    'one more',
    requestBytes(CHAT, ['Host: x', `Authorization: Bearer ${alice}`, ...lab], chatBody('fast')),
  )
  await endInOrder(t, world)
  const events = join(proxy.folder, 'events.ndjson')
  writeFileSync(events, proxy.audit.text)

  const decisions = requests.length - 3 + 1
  const same = JSON.parse((await policy(proxy, 'replay', events, '--json', '--fail-on-change')).stdout)
  t.match(same, { decisions, same_ruleset: decisions, unchanged: decisions, changes: [] }, 'under its own policies')
  t.match(same.skipped, { not_by_policy: 3, broken: 0, foreign: 0 })

  // Another file, and the same policy: what can be told must be the same, without the help of the digest.
  write(proxy, { ...POLICY, models: { unused: ['gpt-4o'] } })
  const alike = JSON.parse((await policy(proxy, 'replay', events, '--json', '--fail-on-change')).stdout)
  t.match(alike, { same_ruleset: 0, unchanged: decisions - 2, cannot_tell: 2 }, 'what needs the claim cannot be told')
  const told = JSON.parse((await policy(proxy, 'replay', events, '--json', '--assume-roles')).stdout)
  t.match(told, { unchanged: decisions, cannot_tell: 0 }, 'and can, where roles are taken as they were')

  const rules = POLICY.rules.filter(({ id }) => id !== 'small')
  write(proxy, { ...POLICY, rules })
  const { code, stdout } = await policy(proxy, 'replay', events, '--json', '--fail-on-change', '--assume-roles')
  t.equal(code, 1)
  const { newly_denied: denied, changes } = JSON.parse(stdout)
  t.equal(denied, 4)
  t.match(changes, [{ change: 'newly_denied', was: { effect: 'allow', rule: 'small' }, count: 4 }])
  t.match(changes[0].people, [{ issuer: 'corp', count: 3, example: { request: ids.get('an alias'), model: 'fast' } }])

  const explained = await policy(proxy, 'explain', '--event', events, '--request', ids.get('a tool') ?? '')
  t.equal(explained.code, 0)
  t.match(explained.stdout, /\nrecorded: allow {2}by rule small {2}\(allowed\), under other policies/)
  t.match(
    explained.stdout,
    /\ndeny {2}by no rule {2}\(model_not_allowed\)\n[\s\S]*\ndiffers from the record: newly denied\n$/,
  )
})

/** An API key that carries a role. */
async function keyOf({ folder, configFile }: RunningProxy): Promise<string> {
  let stdout = ''
  const io = {
    stdout: {
      write: (text: string) => {
        stdout += text
      },
    },
    stderr: { write: () => undefined },
    env: {},
    cwd: folder,
  }
  await main(['keys', 'create', '--owner', 'ci', '--role', 'program', '--json', '--config', configFile], io)
  return JSON.parse(stdout).key
}

function write({ policyFile }: RunningProxy, document: object): void {
  writeFileSync(policyFile, JSON.stringify(document))
}
