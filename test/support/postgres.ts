import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'

interface Test {
  teardown(close: () => unknown): void
}

const POSTGRES = globSync('/usr/lib/postgresql/*/bin/postgres').at(-1)
const PASSWORD = 'super-0123456789'
export const OWNER_PASSWORD = 'owner/p@ss:word%'

/** Why tests with a real server are left out here; null where they are not. */
export const POSTGRES_LEFT_OUT = POSTGRES === undefined ? 'left out: PostgreSQL (apt-get install postgresql)' : null

/** A server of its own, with its files in a folder that goes with it. */
export interface PostgresCluster {
  readonly port: number
  /** A new and empty database that `owner` owns: its URL. */
  database(options?: string): Promise<string>
  /** The URL of a database for another user. */
  as(url: string, user: string, password: string): string
  /** As the superuser, in a database. */
  sql(url: string, text: string): Promise<readonly Record<string, unknown>[]>
  /** Every process of it stands still until `resume`. */
  hang(): void
  resume(): void
  stop(): Promise<void>
  start(): Promise<void>
}

/** PostgreSQL does not run as root: nobody is who it runs as then. */
const RUNS_AS = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}

function idOf(flag: string): number {
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
}

/** `tls`: it speaks TLS, too, with this certificate. */
export async function startPostgres(
  t: Test,
  settings: readonly string[] = [],
  tls?: { readonly cert: Buffer; readonly key: Buffer },
): Promise<PostgresCluster> {
  if (POSTGRES === undefined) throw new Error('there is no PostgreSQL here')
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-postgres-'))
  if (RUNS_AS.uid !== undefined) chownSync(folder, RUNS_AS.uid, RUNS_AS.gid ?? 0)
  const data = join(folder, 'data')
  const write = (name: string, text: string | Buffer) => {
    const file = join(folder, name)
    writeFileSync(file, text, { mode: 0o600 })
    if (RUNS_AS.uid !== undefined) chownSync(file, RUNS_AS.uid, RUNS_AS.gid ?? 0)
    return file
  }
  const password = write('password', PASSWORD)
  const secured =
    tls === undefined
      ? []
      : ['ssl=on', `ssl_cert_file=${write('cert.pem', tls.cert)}`, `ssl_key_file=${write('key.pem', tls.key)}`]
  const make = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${password}`, '-E', 'UTF8', '-N']
  execFileSync(join(dirname(POSTGRES), 'initdb'), [...make, '--locale=C'], { ...RUNS_AS, cwd: folder, stdio: 'pipe' })
  const port = await freePort()
  const fixed = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'listen_addresses=127.0.0.1']
  const flags = [...fixed, `port=${port}`, 'unix_socket_directories=', 'shared_buffers=16MB', ...secured, ...settings]
  let server: ChildProcess | null = null
  const start = async () => {
    server = await started(POSTGRES, ['-D', data, ...flags.flatMap((flag) => ['-c', flag])], folder)
  }
  const signal = (name: NodeJS.Signals) => {
    const pid = server?.pid
    for (const one of pid === undefined ? [] : [pid, ...childrenOf(pid)]) {
      try {
        process.kill(one, name)
      } catch {
        // A process of the server that has ended meanwhile.
      }
    }
  }
  const stop = async () => {
    const running = server
    server = null
    if (running === null || running.exitCode !== null) return
    const exited = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGINT')
    await exited
  }
  await start()
  t.teardown(async () => {
    signal('SIGCONT')
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const superuser = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`
  await run(superuser, `CREATE ROLE owner LOGIN PASSWORD '${OWNER_PASSWORD}'`)
  let made = 0
  const as = (url: string, user: string, secret: string) => {
    const other = new URL(url)
    other.username = user
    other.password = encodeURIComponent(secret)
    return other.href
  }
  return {
    port,
    as,
    database: async (options = '') => {
      const name = `store_${++made}`
      await run(superuser, `CREATE DATABASE ${name} OWNER owner ${options}`)
      return as(`postgres://127.0.0.1:${port}/${name}`, 'owner', OWNER_PASSWORD)
    },
    sql: (url, text) => run(as(url, 'postgres', PASSWORD), text),
    hang: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    stop,
    start,
  }
}

function started(program: string, args: readonly string[], folder: string): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const server = spawn(program, args, { ...RUNS_AS, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    const said: string[] = []
    createInterface({ input: server.stderr }).on('line', (line) => {
      said.push(line)
      if (line.includes('ready to accept connections')) resolve(server)
    })
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`PostgreSQL ended: ${said.slice(-5).join(' | ')}`)))
  })
}

async function run(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^[0-9]+$/.test(name)) return []
    try {
      const [, parent] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
      return Number(parent) === pid ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(address)))
    })
  })
}
