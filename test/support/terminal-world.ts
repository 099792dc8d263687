import { execFile } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openKeyStore } from '../../src/stores/keys.ts'
import { type Form, pageRequest, routesOf, type Scene, scene } from '../unit/identity/device/scene.ts'
import { type CliOutput, folderOf, runCli } from './cli.ts'

const BIN = join(import.meta.dirname, '../../bin/sallyport')

/** A proxy that signs people in from terminals, and a folder of somebody who does so. */
export interface TerminalWorld extends Scene {
  readonly url: string
  readonly home: string
  /** What was asked, as `PATH name=value…`, in order. */
  readonly asked: string[]
  /** Answers in place of the proxy, where it is not null. */
  answer: ((path: string, res: ServerResponse) => boolean) | null
  /** Runs `sallyport …` in this process. */
  run(...argv: string[]): Promise<CliOutput>
  /** The same as a process of its own. */
  process(...argv: string[]): Promise<CliOutput>
  /** The same with more in its environment. */
  runWith(env: Record<string, string>, ...argv: string[]): Promise<CliOutput>
}

export async function terminalWorld(t: Test): Promise<TerminalWorld> {
  const home = folderOf(t)
  const store = openKeyStore(join(home, 'store.db'))
  if (!store.ok) throw new Error(store.fault)
  t.teardown(() => store.value.close())
  const parts = scene(store.value, store.value, 1)
  const asked: string[] = []
  const server = createServer((req, res) => {
    answered(req, res).catch((cause) => res.destroy(cause as Error))
  })
  const answered = async (req: IncomingMessage, res: ServerResponse) => {
    const form: Form = Object.fromEntries(new URLSearchParams(await textOf(req)))
    const path = req.url ?? ''
    asked.push([path, ...Object.entries(form).map(([name, value]) => `${name}=${value}`)].join(' '))
    if (world.answer?.(path, res)) return
    parts.world.now = Date.now()
    const route = routesOf(parts.instances[0]).find((one) => one.path === path)
    const answer = await route?.handle(pageRequest(parts.world.now, path, form, '127.0.0.1'))
    res.writeHead(answer?.status ?? 404, [...(answer?.headers ?? [])])
    res.end(answer?.body ?? 'not found')
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const base = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: join(home, 'config') }
  const runWith = async (env: Record<string, string>, ...argv: string[]) => {
    const { code, out, err } = await runCli(argv, home, { env: { ...base, ...env } })
    return { code, stdout: out, stderr: err }
  }
  const world: TerminalWorld = {
    ...parts,
    url,
    home,
    asked,
    answer: null,
    run: (...argv) => runWith({ SALLYPORT_URL: url }, ...argv),
    process: (...argv) => processOf(argv, home, { ...base, SALLYPORT_URL: url }),
    runWith,
  }
  return world
}

async function textOf(req: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of req) text += String(piece)
  return text
}

function processOf(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<CliOutput> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...argv], { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ stdout, stderr, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 })
    })
  })
}
