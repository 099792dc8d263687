import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { DENIED_MODEL, MODELS } from './answers.ts'
import { benchPolicy } from './bench-policy.ts'
import type { Contender, Upstreams } from './contender.ts'
import { AUDIENCE, type Credential, ISSUER } from './credential.ts'
import { MEASURED, REST, start, stop } from './processes.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/sallyport', import.meta.url))
const COUNTER = fileURLToPath(new URL('./audit-counter.ts', import.meta.url))
const START_MS = 15_000

export interface AuditCounts {
  readonly decision: number
  readonly complete: number
  readonly lines: number
}

/** Sallyport, with what its audit stream held once it has been stopped. */
export interface Sallyport extends Contender {
  readonly audited: () => AuditCounts
}

export interface SallyportOptions {
  readonly name: string
  readonly rules: number
  readonly takes: Contender['takes']
  readonly folder: string
  readonly credential: Credential
  readonly upstreams: Upstreams
  /** Arguments for Node itself, such as `--cpu-prof`. */
  readonly nodeArguments: readonly string[]
}

function config(options: SallyportOptions, files: { keys: string; policy: string; store: string }): string {
  const { json, stream } = options.upstreams
  return `version: 1
listen: { proxy: "127.0.0.1:0", admin: "127.0.0.1:0" }
identity:
  issuers:
    - { name: bench, issuer: "${ISSUER}", audience: [${AUDIENCE}], jwks: { file: ${files.keys} } }
upstreams:
  - { name: json, url: "http://127.0.0.1:${json}/v1", models: [${MODELS.json}, ${DENIED_MODEL}] }
  - { name: stream, url: "http://127.0.0.1:${stream}/v1", models: [${MODELS.burst}, ${MODELS.paced}, ${MODELS.large}] }
policies: [${files.policy}]
store: sqlite:${files.store}
audit: { format: ecs, delivery: strict }
`
}

function writeFiles(options: SallyportOptions): string {
  const place = (file: string) => join(options.folder, `${options.name}.${file}`)
  const files = { keys: place('jwks.json'), policy: place('policy.yaml'), store: place('db') }
  writeFileSync(files.keys, options.credential.keySet)
  writeFileSync(files.policy, benchPolicy(options.rules))
  writeFileSync(place('config.yaml'), config(options, files))
  return place('config.yaml')
}

/** Starts `sallyport serve` with every check on and strict audit into a pipe that a process of its own reads. */
export async function startSallyport(options: SallyportOptions): Promise<Sallyport> {
  const configFile = writeFiles(options)
  const fifo = join(options.folder, `${options.name}.audit`)
  spawnSync('mkfifo', [fifo])
  // A named pipe, since what `spawn` calls a pipe is a pair of sockets.
  const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const writing = openSync(fifo, constants.O_WRONLY)
  const counter = start(REST, process.execPath, [COUNTER], [reading, 'pipe', 'inherit'])
  const args = [...options.nodeArguments, PROGRAM, 'serve', '--config', configFile]
  const server = start(MEASURED, process.execPath, args, ['ignore', writing, 'inherit'])
  closeSync(reading)
  closeSync(writing)
  if (counter.stdout === null || server.pid === undefined) throw new Error('sallyport did not start')
  const lines = createInterface({ input: counter.stdout })
  const port = await listeningPort(lines)
  let counts: AuditCounts = { decision: 0, complete: 0, lines: 0 }
  lines.on('line', (line) => {
    counts = JSON.parse(line)
  })
  return {
    name: options.name,
    checks: 'ES256 token, policy, strict audit',
    takes: options.takes,
    pid: server.pid,
    ports: { json: port, stream: port },
    audited: () => counts,
    stop: async () => {
      const over = once(lines, 'close')
      await stop(server)
      await over
      await stop(counter)
    },
  }
}

async function listeningPort(lines: Interface): Promise<number> {
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(START_MS) })
  const event = JSON.parse(String(line))
  const port: unknown = event?.server?.port
  if (typeof port !== 'number') throw new Error('sallyport did not say where it listens')
  return port
}
