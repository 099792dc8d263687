import type { Result } from '../model/result.ts'
import { ok } from '../model/result.ts'
import type { PostgresServer } from '../model/settings.ts'
import type { KeyStore } from './keys.ts'
import { LastUses } from './last-uses.ts'
import { openPostgres, type Postgres } from './postgres.ts'
import { PostgresFault } from './postgres-fault.ts'
import { postgresRunner } from './postgres-runner.ts'
import { migratePostgres } from './postgres-schema.ts'
import { storeQueries } from './store-queries.ts'
import { storeReason } from './store-reason.ts'

/** Each is an answer to wait for. */
const USES_AT_ONCE = 200

export interface PostgresStore extends KeyStore<'async'> {
  /**
   * Connects, and brings the tables up to date. Null when it can be used; else why not, for people, and whether it may be
   * another time: whatever is asked of the store then tries again.
   */
  begin(): Promise<{ readonly message: string; readonly isPassing: boolean } | null>
}

/** Opens the store on a server, and asks nobody yet. The failure says what is wrong with the settings, for people. */
export function openPostgresStore(server: PostgresServer): Result<PostgresStore, string> {
  const opened = openPostgres(server)
  return opened.ok ? ok(postgresStore(opened.value)) : opened
}

function postgresStore(postgres: Postgres): PostgresStore {
  const uses = new LastUses(USES_AT_ONCE)
  const ready = preparing(postgres)
  const queries = storeQueries(postgresRunner(postgres, ready))
  return {
    ...queries,
    touch: (id, usedAt) => uses.note(id, usedAt),
    writeUses: async () => uses.write((batch) => queries.used(batch)),
    // No other one can stand under its name.
    fault: () => null,
    begin: async () => {
      try {
        await ready()
        return null
      } catch (cause) {
        const isPassing = cause instanceof PostgresFault && cause.isPassing
        return { message: `the store ${storeReason(cause)}`, isPassing }
      }
    },
    close: () => postgres.close(),
  }
}

/** Brings the tables up to date before anything else, once: null from then on. Who asks while it is at it waits for it. */
function preparing(postgres: Postgres): () => Promise<void> | null {
  let isReady = false
  let running: Promise<void> | null = null
  const prepare = async () => {
    try {
      await postgres.session(migratePostgres)
      isReady = true
    } finally {
      running = null
    }
  }
  return () => {
    if (isReady) return null
    running ??= prepare()
    return running
  }
}
