import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { keyEvent } from '../../../src/serving/key-event.ts'
import { openKeyStore } from '../../../src/stores/keys.ts'
import { commandIn, folderOf } from '../../support/cli.ts'
import { storedKey } from '../../support/sealing.ts'

const CONFIG = `version: 1
listen: { proxy: "127.0.0.1:0" }
identity: { issuers: [{ name: corp, issuer: "https://idp.example", audience: [sallyport] }] }
upstreams: [{ name: main, url: "http://127.0.0.1:9/v1", models: ["*"] }]
policies: [policies]
store: sqlite:data/keys.db
`

function scene(t: Test) {
  const cwd = folderOf(t, { 'sallyport.yaml': CONFIG })
  mkdirSync(join(cwd, 'policies'))
  const objects = commandIn(cwd, 'objects')
  const store = () => {
    const opened = openKeyStore(join(cwd, 'data/keys.db'))
    if (!opened.ok) throw new Error(opened.fault)
    t.teardown(() => opened.value.close())
    return opened.value
  }
  return { objects, store }
}

t.test('a key is made, seals after a minute, and the old one is retired', async (t) => {
  const { objects, store } = scene(t)
  t.match(await objects('list-keys'), { code: 0, stdout: /^no keys yet/ })
  const opened = store()
  opened.sealing.ensure(storedKey('aaaaaa', { createdAt: 1, sealsFrom: 1 }))
  const made = await objects('rotate-key', '--json')
  t.equal(made.code, 0)
  const { id, seals_from: sealsFrom } = JSON.parse(made.stdout)
  t.match(id, /^[A-Za-z0-9]{6}$/)
  t.ok(Date.parse(sealsFrom) > Date.now(), 'not at once: a fleet must know it first')
  const statuses = async () => {
    const { stdout } = await objects('list-keys', '--json')
    return JSON.parse(stdout).map((one: { id: string; status: string }) => [one.id, one.status])
  }
  t.same(await statuses(), [
    ['aaaaaa', 'seals'],
    [id, 'waits'],
  ])
  t.match(await objects('retire-key', 'aaaaaa'), {
    code: 2,
    stderr: new RegExp(`\`aaaaaa\` is the key that seals, .*: retire it after ${sealsFrom}`),
  })
  // An hour later, as far as keys go.
  opened.sealing.add(storedKey('bbbbbb', { createdAt: 2, sealsFrom: 2 }))
  const retired = await objects('retire-key', 'aaaaaa')
  t.match(retired, { code: 0, stdout: /^aaaaaa is retired/ })
  t.same(await statuses(), [
    ['aaaaaa', 'retired'],
    ['bbbbbb', 'seals'],
    [id, 'waits'],
  ])
  t.match((await objects('list-keys')).stdout, /^ID +STATUS +CREATED +RETIRED\naaaaaa +retired /)
  const listed = (await objects('list-keys')).stdout + (await objects('list-keys', '--json')).stdout
  for (const key of opened.sealing.usable()) t.notOk(listed.includes(key.secret.reveal()), 'no bytes of a key')
})

const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['an unknown key', ['retire-key', 'zzzzzz'], /there is no sealing key `zzzzzz`/],
  ['the last key', ['retire-key', 'aaaaaa'], /the last key cannot be retired/],
  ['no key', ['retire-key'], /missing required argument/],
  ['another word', ['list-keys', 'x'], /too many arguments/],
]
t.test('what is refused changes nothing', async (t) => {
  const { objects, store } = scene(t)
  const opened = store()
  opened.sealing.ensure(storedKey('aaaaaa'))
  for (const [name, argv, message] of refused) t.match(await objects(...argv), { code: 2, stderr: message }, name)
  t.equal(opened.sealing.usable().length, 1)
  t.equal(opened.outbox.claim(1), null, 'and there is nothing to audit')
})

t.test('each change leaves its event', async (t) => {
  const { objects, store } = scene(t)
  const opened = store()
  opened.sealing.ensure(storedKey('aaaaaa'))
  t.equal(opened.outbox.claim(1), null, 'a first key is nobody’s doing')
  opened.sealing.add(storedKey('bbbbbb'))
  const added = opened.outbox.claim(1)
  if (added !== null) opened.outbox.settle(added, 1)
  const { id } = JSON.parse((await objects('rotate-key', '--json')).stdout)
  await objects('retire-key', 'aaaaaa')
  await objects('retire-key', 'aaaaaa')
  for (const [action, key] of [
    ['sealing-key-created', id],
    ['sealing-key-retired', 'aaaaaa'],
  ]) {
    const event = opened.outbox.claim(2)
    if (event === null) throw new Error('an event is missing')
    const { extra, ...told } = keyEvent(event)
    t.match(told, { action, outcome: 'success', message: new RegExp(`^sealing key ${key}`) })
    t.equal(extra?.['sealing_key.id'], key)
    t.notOk(Object.keys(extra ?? {}).some((name) => name.startsWith('key.')))
    opened.outbox.settle(event, 3)
  }
  t.equal(opened.outbox.claim(4), null, 'once each')
})
