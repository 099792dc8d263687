import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isJsonObject, type JsonObject } from '../model/json.ts'
import { member } from './event-line.ts'
import { type DemoFolder, KEY_VARIABLE } from './folder.ts'
import { DemoProblem } from './problem.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/sallyport', import.meta.url))
const START_MS = 15_000
const EVENT_MS = 10_000
const STOP_MS = 5000
/** How much of the child's diagnostics is kept, to be shown should it die. Characters. */
const KEPT = 16_384

export type Environment = { readonly [name: string]: string | undefined }

/** The real program as a child process; its stdout is the audit stream. */
export class ProxyProcess {
  readonly child: ChildProcess
  /** Settles when the process is gone and all that it wrote was read. */
  readonly gone: Promise<void>
  port = 0
  adminPort = 0
  onEvent: (event: JsonObject) => void = () => undefined
  readonly #waiting = new Set<(event: JsonObject) => void>()
  #stderr = ''
  #isStopping = false

  constructor(folder: DemoFolder, key: string | null, env: Environment) {
    this.child = spawn(process.execPath, [PROGRAM, 'serve', '--config', folder.config], {
      cwd: folder.path,
      env: { ...env, ...(key === null ? {} : { [KEY_VARIABLE]: key }) },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A terminal sends Ctrl-C to the whole group; this process alone says when the proxy drains.
      detached: true,
    })
    this.gone = new Promise((resolve) => {
      this.child.once('error', () => resolve())
      this.child.once('close', () => resolve())
    })
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stderr = (this.#stderr + chunk).slice(-KEPT)
    })
    const stdout = this.child.stdout
    if (stdout)
      createInterface({ input: stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) =>
        this.#take(line, folder),
      )
  }

  #take(line: string, folder: DemoFolder): void {
    appendFileSync(folder.audit, `${line}\n`)
    const event: unknown = JSON.parse(line)
    if (!isJsonObject(event)) return
    for (const look of this.#waiting) look(event)
    this.onEvent(event)
  }

  /** Waits until it listens. Faults: a `DemoProblem` with what it said when it does not. */
  async started(): Promise<void> {
    const event = await this.event((candidate) => member(candidate, 'event.action') === 'proxy-started', START_MS)
    this.port = Number(member(event, 'server.port'))
    this.adminPort = Number(member(event, 'sallyport.admin.port'))
  }

  /** The next event that fits. Faults: a `DemoProblem` when the proxy dies or none comes in time. */
  event(fits: (event: JsonObject) => boolean, ms: number = EVENT_MS): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      const look = (event: JsonObject) => {
        if (fits(event)) settle(() => resolve(event))
      }
      const timer = setTimeout(
        () => settle(() => reject(this.death('the proxy wrote no such audit event in time'))),
        ms,
      )
      const settle = (done: () => void) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        done()
      }
      this.#waiting.add(look)
      void this.gone.then(() => settle(() => reject(this.death('the proxy ended'))))
    })
  }

  /** The last that it said, for people. */
  death(what: string): DemoProblem {
    const said = this.#stderr.trimEnd()
    return new DemoProblem(said === '' ? what : `${what}; it said:\n${said}`, 1)
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** SIGTERM, then SIGKILL to one that does not end. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS)
    await this.gone
    clearTimeout(timer)
  }
}
