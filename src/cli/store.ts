import { resolve } from 'node:path'
import { printable, printableJson } from '../config/report.ts'
import type { PostgresServer, Settings } from '../model/settings.ts'
import { NEWEST } from '../stores/migrations.ts'
import { type Ask, openPostgres } from '../stores/postgres.ts'
import { migratePostgres, postgresState, unusableTables } from '../stores/postgres-schema.ts'
import { backupSqlite, openSqlite, readSqlite } from '../stores/sqlite.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { Unusable, withSettings } from './store-command.ts'

type StoreOptions = CommonOptions &
  ({ readonly action: 'migrate' | 'check' } | { readonly action: 'backup'; readonly file: string })

/** What `check` has found. */
interface Found {
  readonly version: number
  /** Each is a reason not to use the store. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * `sallyport store …`: the tables of the store, in a file or on a server. Exit 1 when `check` finds a problem, 2 when the
 * config or the store is unusable, or a backup cannot be made.
 */
export function run(options: StoreOptions, io: CommandIo): Promise<number> {
  return withSettings(options, io, ({ store }) => {
    switch (options.action) {
      case 'migrate':
        return migrate(store, options, io)
      case 'backup':
        return backup(store, resolve(io.cwd, options.file), options, io)
      case 'check':
        return check(store, options, io)
    }
  })
}

async function migrate(store: Settings['store'], { json }: CommonOptions, io: CommandIo): Promise<number> {
  const from = store.kind === 'sqlite' ? migrateFile(store.file) : await asked(store.server, migratePostgres)
  const says = from === NEWEST ? `is at version ${NEWEST} already` : `was at version ${from} and is at ${NEWEST} now`
  io.stdout.write(json ? `${printableJson({ kind: store.kind, from, to: NEWEST })}\n` : `the store ${says}\n`)
  return EXIT.done
}

function migrateFile(file: string): number {
  const before = readSqlite(file)
  const opened = openSqlite(file, { busyMs: 5000 })
  if (!opened.ok) throw new Unusable(opened.fault)
  opened.value.database.close()
  return before.ok ? before.value.version : 0
}

async function backup(store: Settings['store'], file: string, { json }: CommonOptions, io: CommandIo): Promise<number> {
  if (store.kind === 'postgres') {
    const { host, port, user, database } = known(store.server)
    const where = `--host=${host} --port=${port} --username=${user} --dbname=${database}`
    throw new Unusable(`the store is on a server: back it up with \`pg_dump --format=custom --file=FILE ${where}\``)
  }
  const copied = await backupSqlite(store.file, file)
  if (!copied.ok) throw new Unusable(copied.fault)
  const bytes = copied.value
  io.stdout.write(
    json ? `${printableJson({ kind: store.kind, file, bytes })}\n` : `${printable(file)}: ${bytes} bytes\n`,
  )
  return EXIT.done
}

async function check(store: Settings['store'], { json }: CommonOptions, io: CommandIo): Promise<number> {
  const found = store.kind === 'sqlite' ? checkFile(store.file) : await asked(store.server, checkServer)
  const { version, warnings } = found
  const problems = [...found.problems, ...behind(version)]
  if (json) {
    io.stdout.write(`${printableJson({ kind: store.kind, version, newest: NEWEST, problems, warnings }, 2)}\n`)
  } else {
    for (const warning of warnings) io.stderr.write(`warning: ${warning}\n`)
    for (const problem of problems) io.stderr.write(`error: ${printable(problem)}\n`)
    if (problems.length === 0) io.stdout.write(`the store is sound, at version ${version}\n`)
  }
  return problems.length === 0 ? EXIT.done : EXIT.no
}

function behind(version: number): string[] {
  if (version > NEWEST) return [`the store has version ${version} and this Sallyport knows ${NEWEST} at most`]
  if (version === NEWEST) return []
  return [
    `the store has version ${version} and needs ${NEWEST}: \`sallyport store migrate\`, or the next start, does that`,
  ]
}

function checkFile(file: string): Found {
  const state = readSqlite(file)
  if (!state.ok) throw new Unusable(state.fault)
  return { ...state.value, warnings: [] }
}

async function checkServer(ask: Ask): Promise<Found> {
  const { version, isSuperuser, isEncrypted } = await postgresState(ask)
  const tables = version === NEWEST ? await unusableTables(ask) : []
  return {
    version,
    problems: tables.map((table) => `the table \`${table}\` is not there, or this user may not read and write it`),
    warnings: [
      ...(isSuperuser ? ['its user is a superuser: give the proxy one of its own (docs/store.md)'] : []),
      ...(isEncrypted ? [] : ['its connections are not encrypted']),
    ],
  }
}

async function asked<T>(written: PostgresServer | null, work: (ask: Ask) => Promise<T>): Promise<T> {
  const opened = openPostgres(known(written))
  if (!opened.ok) throw new Unusable(opened.fault)
  try {
    return await opened.value.session(work)
  } finally {
    await opened.value.close()
  }
}

function known(server: PostgresServer | null): PostgresServer {
  // INVARIANT: the config was read with the secret of the store.
  if (server === null) throw new Error('the URL of the store is not known')
  return server
}
