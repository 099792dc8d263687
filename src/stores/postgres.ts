import { readFileSync } from 'node:fs'
import { DatabaseError, Pool, type PoolClient, types } from 'pg'
import { failed, ok, type Result } from '../model/result.ts'
import type { PostgresServer } from '../model/settings.ts'
import type { PostgresFault } from './postgres-fault.ts'
import { connectionFault, serverFault } from './postgres-reasons.ts'

/** What one statement has answered. */
interface StatementAnswer {
  readonly rows: readonly unknown[]
  readonly changes: number
}

/** Asks one statement on one connection. `limitMs`: how long the answer may take, where more is allowed than usual. */
export type Ask = (text: string, values?: readonly unknown[], limitMs?: number) => Promise<StatementAnswer>

/** Connections to one PostgreSQL, made when they are needed. Every rejection of the server's is a `PostgresFault`. */
export interface Postgres {
  /** Statements on one connection, which is closed when any of them fails: a transaction that is open then ends with it. */
  session<T>(work: (ask: Ask) => Promise<T>): Promise<T>
  /** Lets what is under way end, for a moment. */
  close(): Promise<void>
}

const MAX_CONNECTIONS = 10
/** More than so many do not wait for a connection: requests are refused instead of piling up. */
const MAX_WAITING = 256
/** Until a connection stands, or is free. Milliseconds. */
const CONNECT_MS = 3000
/** The server gives a statement up after this. Milliseconds. */
const STATEMENT_MS = 4000
/** A server that does not even say so is given up after this. Milliseconds. */
const ANSWER_MS = 5000
/** After a failed connection nobody tries for so long: a server that hangs must not hold up each request. Milliseconds. */
const REST_MS = 1000
const IDLE_MS = 30_000
const CLOSE_MS = 2000

/** Of each connection, said when it is made: what is set later can be lost. */
const OPTIONS = [
  `statement_timeout=${STATEMENT_MS}`,
  'lock_timeout=3000',
  'idle_in_transaction_session_timeout=10000',
  'client_min_messages=error',
  'standard_conforming_strings=on',
]

const INT8 = 20

/** The failure says what is wrong with the settings, for people. Connects to nobody yet. */
export function openPostgres(server: PostgresServer): Result<Postgres, string> {
  const tls = tlsOptions(server)
  if (!tls.ok) return tls
  const pool = new Pool({
    host: server.host,
    port: server.port,
    user: server.user,
    database: server.database,
    // A function: an absent one would be looked for in the environment and in a file of the user's.
    password: () => server.password?.reveal() ?? '',
    ssl: tls.value,
    application_name: 'sallyport',
    client_encoding: 'UTF8',
    options: OPTIONS.map((option) => `-c ${option}`).join(' '),
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    idleTimeoutMillis: IDLE_MS,
    allowExitOnIdle: true,
    keepAlive: true,
    types: { getTypeParser: (oid, format) => (oid === INT8 ? Number : types.getTypeParser(oid, format)) },
  })
  // An idle connection that breaks is replaced by the next one that is needed.
  pool.on('error', () => undefined)
  return ok(new Sessions(pool, server))
}

class Sessions implements Postgres {
  readonly #pool: Pool
  readonly #server: PostgresServer
  readonly #running = new Set<Promise<unknown>>()
  readonly #clients = new Set<PoolClient>()
  #failure: PostgresFault | null = null
  /** By `performance.now`. */
  #restsUntil = 0

  constructor(pool: Pool, server: PostgresServer) {
    this.#pool = pool
    this.#server = server
    pool.on('connect', (client) => this.#clients.add(client))
    pool.on('remove', (client) => this.#clients.delete(client))
  }

  async session<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    if (this.#failure !== null && performance.now() < this.#restsUntil) throw this.#failure
    if (this.#pool.waitingCount >= MAX_WAITING) throw connectionFault(new Error('too many wait'), this.#server)
    const running = this.#session(work)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  async close(): Promise<void> {
    const timer = Promise.withResolvers<void>()
    const limit = setTimeout(timer.resolve, CLOSE_MS)
    await Promise.race([Promise.allSettled(this.#running), timer.promise])
    await Promise.race([this.#pool.end().catch(() => undefined), timer.promise])
    clearTimeout(limit)
    // One that hangs does not answer a goodbye either.
    for (const client of this.#clients) streamOf(client)?.destroy()
  }

  async #session<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const client = await this.#connected()
    const ignore = () => undefined
    client.on('error', ignore)
    let isSound = false
    try {
      const result = await work((text, values, limitMs) => this.#ask(client, text, values, limitMs))
      isSound = true
      return result
    } finally {
      client.removeListener('error', ignore)
      client.release(!isSound)
    }
  }

  async #connected(): Promise<PoolClient> {
    try {
      const client = await this.#pool.connect()
      this.#failure = null
      return client
    } catch (cause) {
      throw this.#failed(cause)
    }
  }

  async #ask(client: PoolClient, text: string, values: readonly unknown[] = [], limitMs = ANSWER_MS) {
    try {
      const query = { text, query_timeout: limitMs, ...(values.length > 0 ? { values: [...values] } : {}) }
      const { rows, rowCount } = await client.query(query)
      return { rows, changes: rowCount ?? 0 }
    } catch (cause) {
      throw this.#failed(cause)
    }
  }

  #failed(cause: unknown): PostgresFault {
    const fault =
      cause instanceof DatabaseError
        ? serverFault(cause.code ?? 'unknown', this.#server)
        : connectionFault(cause, this.#server)
    if (!fault.isPassing || cause instanceof DatabaseError) return fault
    this.#failure = fault
    this.#restsUntil = performance.now() + REST_MS
    return fault
  }
}

type TlsOptions = false | { readonly rejectUnauthorized: true; readonly minVersion: 'TLSv1.2'; readonly ca?: Buffer }

function tlsOptions({ tls }: PostgresServer): Result<TlsOptions, string> {
  if (tls === null) return ok(false)
  const checked = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const
  if (tls.ca === null) return ok(checked)
  try {
    return ok({ ...checked, ca: readFileSync(tls.ca) })
  } catch {
    return failed(`the store cannot be used: its \`sslrootcert\` \`${tls.ca}\` cannot be read`)
  }
}

/** The types of the library leave out that a client has its connection. */
function streamOf(client: PoolClient): { destroy(): unknown } | undefined {
  const { connection } = client as unknown as { readonly connection?: { readonly stream?: { destroy(): unknown } } }
  return connection?.stream
}
