import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { startModelServer } from '../../../src/demo/model-server.ts'

const PROGRAM = join(import.meta.dirname, '../../../bin/sallyport')

interface Document {
  readonly base_url: string
  readonly admin_url: string
  readonly issuer: string
  readonly tokens: { readonly [person: string]: string }
  readonly models: { readonly small: string; readonly large: string }
  readonly pid: { readonly demo: number; readonly proxy: number }
  readonly config: string
  readonly policy: string
  readonly audit: string
  readonly calls: readonly {
    readonly name: string
    readonly status: number
    readonly code: string | null
    readonly text: string
    readonly request_id: string
    readonly events: readonly { readonly event: { readonly action: string }; readonly [member: string]: unknown }[]
  }[]
}

/** The demo as a child; everything that it said is kept. */
class Demo {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  stdout = ''
  stderr = ''
  #look: () => void = () => undefined

  constructor(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    // tap puts hooks into every Node that a test starts, and they take a program without an extension for CommonJS.
    this.child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, PROGRAM, 'demo', ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, TMPDIR: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.ended = new Promise((resolve) => this.child.once('close', (code) => resolve(code)))
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#look()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
  }

  /** Resolves when stdout holds the text. Fails when the demo ends before. */
  async said(text: string): Promise<void> {
    const found = new Promise<void>((resolve) => {
      this.#look = () => {
        if (this.stdout.includes(text)) resolve()
      }
      this.#look()
    })
    const early = this.ended.then((code) => {
      throw new Error(
        `the demo ended (${code}) before it said ${JSON.stringify(text)}:\n${this.stdout}\n${this.stderr}`,
      )
    })
    await Promise.race([found, early])
  }

  async document(): Promise<Document> {
    await this.said('\n')
    return JSON.parse(this.stdout)
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal)
    return this.ended
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function started(t: Test, args: readonly string[], env: NodeJS.ProcessEnv = {}): { demo: Demo; folder: string } {
  const folder = t.testdir({})
  const demo = new Demo(folder, args, env)
  t.teardown(async () => {
    if (demo.child.exitCode === null) await demo.end('SIGTERM')
  })
  return { demo, folder }
}

t.test('--json tells everything once, and what it tells works', async (t) => {
  const { demo, folder } = started(t, ['--port', '0', '--json'])
  const { base_url: baseURL, tokens, models, pid, calls, policy, admin_url: admin, audit } = await demo.document()
  t.same(
    calls.map(({ name, status, code }) => [name, status, code]),
    [
      ['allowed', 200, null],
      ['denied', 403, 'policy_denied'],
      ['streamed', 200, null],
    ],
  )
  t.same(
    calls.map(({ events }) => events.map(({ event }) => event.action)),
    [['request-authorized', 'completion-finished'], ['request-denied'], ['request-authorized', 'completion-finished']],
  )
  for (const { request_id, events } of calls) {
    for (const event of events) t.match(event, { http: { request: { id: request_id } } })
  }
  t.match(calls[2]?.text, /A sallyport is a gate/)
  t.equal((await fetch(`${admin}/readyz`)).status, 200)

  const client = (apiKey: string | undefined) =>
    new OpenAI({ baseURL, apiKey: String(apiKey), organization: null, project: null, maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'hello' }]
  const asked = client(tokens.carol).chat.completions.create({ model: models.small, messages })
  await t.rejects(asked, { status: 403, code: 'policy_denied' }, 'a guest may do nothing')
  const answer = await client(tokens.bob).chat.completions.create({ model: 'fast', messages })
  t.match(answer.choices[0]?.message.content, /gpt-4o-mini/, 'an alias is resolved')
  t.ok(readFileSync(audit, 'utf8').includes('"request-denied"'), 'every event is in the file, too')

  writeFileSync(policy, readFileSync(policy, 'utf8').replaceAll('analyst]', 'employee]'))
  await reloaded(audit)
  const large = await client(tokens.alice).chat.completions.create({ model: models.large, messages })
  t.match(large.choices[0]?.message.content, /gpt-4o/, 'the edited policy is in force')

  t.equal(await demo.end('SIGTERM'), 0)
  t.equal(demo.stderr, '')
  t.equal(demo.stdout.split('\n').length, 2, 'one line and nothing else')
  t.notOk(isRunning(pid.proxy))
  t.same(readdirSync(folder), [], 'its folder is gone')
})

/** The second `policy-loaded`: the proxy tells it in its audit stream, which the demo keeps in a file. */
async function reloaded(audit: string): Promise<void> {
  for (let asked = 0; asked < 500; asked++) {
    if (readFileSync(audit, 'utf8').split('"policy-loaded"').length > 2) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the policy was not loaded again')
}

t.test('it shows the calls and their events, and how to call it', async (t) => {
  const { demo, folder } = started(t, ['--port', '0'])
  await demo.said('Audit events as they come:\n')
  for (const text of ['1. allowed', '2. denied', '3. streamed', 'ALLOW ', 'DENY ', 'DONE ', 'rule employees-small']) {
    t.ok(demo.stdout.includes(text), text)
  }
  for (const person of ['alice', 'bob', 'carol'])
    t.match(demo.stdout, new RegExp(`\n {2}${person}, .*:\n {2}eyJ`), person)
  const url = /baseURL: '([^']+)'/.exec(demo.stdout)?.[1]
  const token = /Bearer (eyJ[\w.-]+)/.exec(demo.stdout)?.[1]
  const response = await fetch(`${url}/models`, { headers: { authorization: `Bearer ${token}` } })
  t.equal(response.status, 200)
  await response.text()
  await demo.said('models.list')
  t.notOk(demo.stdout.includes('\u001b'), 'no colours where there is no terminal')
  t.equal(await demo.end('SIGINT'), 0)
  t.same(readdirSync(folder), [])
})

t.test('a proxy that dies ends the demo with 1', async (t) => {
  const { demo, folder } = started(t, ['--port', '0', '--json'])
  const { pid, config } = await demo.document()
  t.ok(existsSync(dirname(config)))
  process.kill(pid.proxy, 'SIGKILL')
  t.equal(await demo.ended, 1)
  t.match(demo.stderr, /^error: the proxy ended by itself/)
  t.same(readdirSync(folder), [])
})

t.test('a real endpoint takes the place of the built-in one, with its own key', async (t) => {
  const server = await startModelServer(0)
  t.teardown(() => server.close())
  const { demo } = started(t, ['--port', '0', '--json', '--upstream', server.url], { OPENAI_API_KEY: server.key })
  const { calls } = await demo.document()
  t.same(
    calls.map(({ status }) => status),
    [200, 403, 200],
  )
  t.equal(await demo.end('SIGTERM'), 0)
})

t.test('what cannot be used is said', async (t) => {
  const rows = [
    ['a port that is none', ['--port', '65536'], 2, /^error: `--port` must be/],
    ['an address that is none', ['--upstream', 'models'], 2, /^error: `--upstream` must be/],
  ] as const
  for (const [name, args, code, said] of rows) {
    const { demo } = started(t, args)
    t.equal(await demo.ended, code, name)
    t.match(demo.stderr, said, name)
  }
})
