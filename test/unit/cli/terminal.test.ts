import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Command } from 'commander'
import t from 'tap'
import { addCommands } from '../../../src/cli/commands.ts'
import { ensureFolder, type TerminalCredential, writeCredentials } from '../../../src/cli/credential-file.ts'
import { Secret } from '../../../src/model/secret.ts'
import { openKeyStore } from '../../../src/stores/keys.ts'
import { folderOf, runCli } from '../../support/cli.ts'
import { ALLOWED, event } from '../../support/recorded-traffic.ts'
import { user } from '../identity/local/scene.ts'
import { key } from '../stores/store-scene.ts'

/** What a terminal acts on: an escape, C1, a delete, and what turns the direction of writing. */
const HOSTILE = 'a\u001b[31m\u009b1m\u007f\u202e\u2066\u200f\u061cb'
const WRITTEN = 'a\\u001b[31m\\u009b1m\\u007f\\u202e\\u2066\\u200f\\u061cb'
const ACTED_ON = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }], api_keys: { enabled: true } }
upstreams:
  - { name: us, url: https://us.example/v1, api_key: { env: NOT_SET }, models: ["*"], labels: { team: "${WRITTEN}" } }
policies: [policy.yaml]
store: sqlite:keys.db
`
const POLICY = `version: 1
roles: { "${WRITTEN}": { members: [{ issuer: corp, group: "${WRITTEN}" }] } }
rules:
  - { id: small, effect: allow, roles: ["${WRITTEN}"], models: ["${WRITTEN}"], operations: [chat], reason: "${WRITTEN}" }
tests:
  - name: "${WRITTEN}"
    as: { user: "${WRITTEN}", issuer: corp, groups: ["${WRITTEN}"] }
    request: { operation: chat, model: "${WRITTEN}" }
    expect: { effect: deny }
`
const CALLER = ['--as', HOSTILE, '--issuer', 'corp', '--group', HOSTILE]
const EVENT = event({ model: HOSTILE, was: ALLOWED, principal: { id: HOSTILE, groups: [] } })
const LINE = JSON.stringify({
  as: { user: HOSTILE, issuer: 'corp', groups: [HOSTILE] },
  request: { operation: 'chat', model: HOSTILE },
})

const SIGNED_IN_AT = 'http://127.0.0.1:1'
/** What a proxy said of somebody who has signed in there. */
const SIGNED_IN: TerminalCredential = {
  token: new Secret('t'),
  expiresAt: Date.parse('2100-01-01'),
  refresh: null,
  user: HOSTILE,
  issuer: HOSTILE,
  ca: null,
}

/** By command: what it is run with, stdin, and whether what it prints has the hostile text. */
const RUNS: readonly (readonly [string, readonly string[], string, 'tells' | 'refuses'])[] = [
  ['check', ['--config', 'broken.yaml'], '', 'tells'],
  ['check', ['--show', '--no-secrets'], '', 'tells'],
  ['policy test', [], '', 'tells'],
  ['policy explain', [...CALLER, '--operation', 'chat', '--model', HOSTILE], '', 'tells'],
  ['policy explain', ['--batch', '-'], LINE, 'tells'],
  ['policy explain', ['--event', '-'], EVENT, 'tells'],
  ['policy who-can', ['--model', HOSTILE], '', 'tells'],
  ['policy who-can', ['--matrix'], '', 'tells'],
  ['policy what-can', CALLER, '', 'tells'],
  ['policy what-can', ['--role', HOSTILE], '', 'tells'],
  ['policy diff', ['none.yaml', 'policy.yaml'], '', 'tells'],
  ['policy replay', ['-'], EVENT, 'tells'],
  ['policy init', ['new.yaml', '--group', `${HOSTILE}=${HOSTILE}`], '', 'tells'],
  ['keys create', ['--owner', HOSTILE], '', 'refuses'],
  ['keys list', [], '', 'tells'],
  ['keys revoke', [HOSTILE], '', 'refuses'],
  ['keys rotate', [HOSTILE], '', 'refuses'],
  ['objects rotate-key', [HOSTILE], '', 'refuses'],
  ['objects retire-key', [HOSTILE], '', 'refuses'],
  ['objects list-keys', [HOSTILE], '', 'refuses'],
  ['tokens keys', [HOSTILE], '', 'refuses'],
  ['tokens rotate-key', [HOSTILE], '', 'refuses'],
  ['tokens retire-key', [HOSTILE], '', 'refuses'],
  ['tokens revoke', ['--issuer', HOSTILE, '--user', HOSTILE], '', 'tells'],
  ['tokens revocations', [], '', 'tells'],
  ['store migrate', [HOSTILE], '', 'refuses'],
  ['store backup', [HOSTILE], '', 'tells'],
  ['store check', [HOSTILE], '', 'refuses'],
  ['login', [HOSTILE], '', 'refuses'],
  ['login', ['--url', HOSTILE], '', 'refuses'],
  ['token', ['--url', SIGNED_IN_AT], '', 'tells'],
  ['token', ['--url', HOSTILE], '', 'refuses'],
  // Nobody listens there: it is forgotten nevertheless.
  ['logout', ['--url', SIGNED_IN_AT], '', 'tells'],
  ['logout', ['--url', HOSTILE], '', 'refuses'],
  ['users list', [], '', 'tells'],
  ...['add', 'set', 'passwd', 'totp', 'disable', 'enable', 'unlock', 'remove'].map(
    (verb) => [`users ${verb}`, [HOSTILE], '', 'refuses'] as const,
  ),
]

const REVOKED = { kind: 'subject', issuer: 'corp', value: HOSTILE, before: 1, at: 1, expiresAt: 8e15 } as const

/** It starts servers of its own and prints what it made itself: `demo.test.ts`. */
const ASIDE = ['demo']

function jsonCommands(parent: Command, path: readonly string[] = []): string[] {
  return parent.commands.flatMap((command) => {
    const own = [...path, command.name()]
    const isOne = command.options.some(({ long }) => long === '--json')
    return [...(isOne ? [own.join(' ')] : []), ...jsonCommands(command, own)]
  })
}

t.test('every command that prints JSON is among those that are run', async (t) => {
  const program = new Command()
  const sink = { write: () => undefined }
  addCommands(program, { stdout: sink, stderr: sink, env: {}, cwd: '.' }, async () => undefined)
  const ran = new Set(RUNS.map(([command]) => command))
  t.same(jsonCommands(program).sort(), [...ran, ...ASIDE].sort())
})

t.test('what others have written moves no terminal', async (t) => {
  t.ok(ACTED_ON.test(HOSTILE) && !ACTED_ON.test(WRITTEN) && !ACTED_ON.test('a\n'), 'the pattern bites')
  const none = 'version: 1\nrules: [{ id: none, effect: deny }]\n'
  const broken = CONFIG.replace('store:', `"${WRITTEN}": 1\nstore:`)
  const files = { 'config.yaml': CONFIG, 'broken.yaml': broken, 'policy.yaml': POLICY, 'none.yaml': none }
  for (const [command, argv, stdin, outcome] of RUNS) {
    const folder = folderOf(t, files)
    const store = openKeyStore(join(folder, 'keys.db'))
    if (!store.ok) throw new Error(store.fault)
    await store.value.create(key('key_01', { owner: HOSTILE, roles: [HOSTILE] }))
    // No command gives a user such a name.
    await store.value.users.create(await user(HOSTILE, { groups: [HOSTILE], display: HOSTILE }))
    await store.value.revocations.add(REVOKED)
    store.value.close()
    const credentials = join(folder, 'sallyport')
    t.ok(ensureFolder(credentials).ok && writeCredentials(credentials, new Map([[SIGNED_IN_AT, SIGNED_IN]])).ok)
    const config = argv.includes('--config') ? [] : ['--config', 'config.yaml']
    const typed = stdin === '' ? {} : { stdin: Readable.from([Buffer.from(stdin)]) }
    const more = { ...typed, env: { XDG_CONFIG_HOME: folder } }
    const name = `${command} ${argv[0] === HOSTILE ? '' : (argv[0] ?? '')}`
    const { code, out, err } = await runCli([...command.split(' '), ...argv, '--json', ...config], folder, more)
    t.notMatch(out, ACTED_ON, `${name}: stdout`)
    t.notMatch(err, ACTED_ON, `${name}: stderr`)
    if (outcome === 'tells') t.ok(out.includes('u001b[31m'), `${name}: it tells of it (${code}, ${err})`)
    else t.equal(code, 2, name)
  }
})
