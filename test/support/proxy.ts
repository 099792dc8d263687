import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuditStream } from './audit-stream.ts'
import { type ProxyOptions, UPSTREAM_KEY, writeFolder } from './proxy-folder.ts'
import { within } from './within.ts'

const PROGRAM = join(import.meta.dirname, '../../bin/sallyport')
const START_MS = 30_000
const PIPE_BYTES = 64 * 1024

/** The real program as a child process, with a config folder of its own. */
export class RunningProxy {
  readonly folder: string
  readonly audit = new AuditStream()
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly child: ChildProcess
  port = 0
  adminPort = 0
  stderr = ''
  readonly #reader: Socket | null
  readonly #env: NodeJS.ProcessEnv
  /** Settles when the writing end of the pipe is closed and all of it was read. */
  readonly drained: Promise<void>

  constructor(folder: string, env: NodeJS.ProcessEnv, stdout: ProxyOptions['stdout'] = 'pipe') {
    this.folder = folder
    this.#env = env
    const out = openStdout(folder, stdout, (chunk) => this.audit.push(chunk))
    this.#reader = out.reader
    const argv = [process.execPath, PROGRAM, 'serve', '--config', this.configFile]
    // Only a shell can start a program without a stdout.
    const [file = '', ...rest] = stdout === 'closed' ? ['/bin/sh', '-c', 'exec "$0" "$@" >&-', ...argv] : argv
    this.child = spawn(file, rest, {
      cwd: folder,
      env,
      stdio: ['ignore', out.writer, 'pipe'],
    })
    closeSync(out.writer)
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code, signal) => resolve({ code, signal }))
    })
    this.drained = new Promise((resolve) => {
      if (out.reader === null) return resolve()
      out.reader.once('close', () => resolve())
    })
    out.reader?.on('error', () => undefined)
    // What flows is the end alone: the bytes go to the buffer.
    out.reader?.resume()
  }

  get configFile(): string {
    return join(this.folder, 'config/sallyport.yaml')
  }

  get policyFile(): string {
    return join(this.folder, 'policies/policy.yaml')
  }

  /** What an SDK takes as its base URL. */
  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}/v1`
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.adminPort}`
  }

  /** Stops reading stdout, at once: the pipe fills. */
  stopReading(): void {
    this.#reader?.pause()
  }

  resumeReading(): void {
    this.#reader?.resume()
  }

  /** Closes the reading end: the next write of the program is EPIPE. */
  closeStdout(): void {
    this.#reader?.destroy()
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** SIGTERM, and the exit code once all that it wrote was read. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM')
    const { code } = await within(this.exited, 'the proxy to stop')
    if (!this.#reader?.destroyed) await within(this.drained, 'the end of stdout')
    return code
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await within(this.exited, 'the proxy to die')
    if (!this.#reader?.destroyed) await within(this.drained, 'the end of stdout')
  }

  /** For teardown: whatever state it is in, it is gone afterwards, and so is its folder. */
  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.signal('SIGKILL')
      await this.exited
    }
    this.#reader?.destroy()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Runs another command of the program on the same config. */
  command(...argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return runProgram([...argv, '--config', this.configFile], this.#env, this.folder)
  }

  /** `GET` of the admin port: the status and body. */
  async admin(path: string): Promise<{ status: number; body: string }> {
    const response = await fetch(this.adminUrl + path)
    return { status: response.status, body: await response.text() }
  }
}

function runProgram(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...argv], { env, cwd, timeout: START_MS }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

/** Starts the program and waits until it listens. Fails with all of stderr when it does not. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'))
  const known = options.stdout === 'full' || options.stdout === 'closed' ? [await freePort(), await freePort()] : [0, 0]
  writeFolder(folder, options, known)
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const compiled = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }
  const env = { PATH, ...compiled, MOCK_KEY: UPSTREAM_KEY, ...options.env }
  const proxy = new RunningProxy(folder, env, options.stdout)
  try {
    await Promise.race([listening(proxy, options.stdout, known), failsToStart(proxy)])
  } catch (error) {
    await proxy.close()
    throw error
  }
  return proxy
}

async function failsToStart(proxy: RunningProxy): Promise<never> {
  const { code, signal } = await proxy.exited
  throw new Error(`the proxy ended at its start (${code ?? signal}):\n${proxy.stderr}\n${proxy.audit.text}`)
}

async function listening(proxy: RunningProxy, stdout: ProxyOptions['stdout'], known: readonly number[]): Promise<void> {
  if (stdout === 'full' || stdout === 'closed') {
    proxy.port = known[0] ?? 0
    proxy.adminPort = known[1] ?? 0
    await polled(async () => (await fetch(`${proxy.adminUrl}/healthz`)).ok, `the admin port\n${proxy.stderr}`, START_MS)
    return
  }
  if (typeof stdout === 'object') {
    await polled(
      async () => readFileSync(stdout.file, 'utf8').includes('"proxy-started"'),
      'proxy-started in the file',
      START_MS,
    )
    proxy.audit.push(readFileSync(stdout.file))
  }
  const started = await proxy.audit.action('proxy-started', 1, START_MS).catch((error: Error) => {
    throw new Error(`${error.message}\n${proxy.stderr}`)
  })
  proxy.port = Number(started.get('server.port'))
  proxy.adminPort = Number(started.get('sallyport.admin.port'))
}

/** For states that no event tells: asks again until it is so, up to a bound. */
export async function polled(ask: () => Promise<boolean>, what: string, ms = 25_000): Promise<void> {
  const until = performance.now() + ms
  while (!(await ask().catch(() => false))) {
    if (performance.now() > until) throw new Error(`waited ${ms} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A real pipe (what Node makes for a child is a socket pair, which fills differently), or what else was asked for. */
function openStdout(
  folder: string,
  stdout: ProxyOptions['stdout'],
  take: (chunk: Buffer) => void,
): { reader: Socket | null; writer: number } {
  if (stdout === 'full') return { reader: null, writer: openSync('/dev/full', 'w') }
  if (stdout === 'closed') return { reader: null, writer: openSync('/dev/null', 'w') }
  if (typeof stdout === 'object') return { reader: null, writer: openSync(stdout.file, 'a') }
  const fifo = join(folder, 'stdout')
  execFileSync('mkfifo', [fifo])
  const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader: readerOf(reading, take), writer: openSync(fifo, 'w') }
}

/** With a buffer of its own it reads nothing more once it is paused; a plain stream would still fill its own. */
function readerOf(fd: number, take: (chunk: Buffer) => void): Socket {
  const buffer = Buffer.allocUnsafe(PIPE_BYTES)
  const callback = (bytes: number) => {
    take(Buffer.from(buffer.subarray(0, bytes)))
    return true
  }
  return new Socket({ fd, readable: true, writable: false, onread: { buffer, callback } })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
