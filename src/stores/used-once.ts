import { tables } from './queries.ts'
import { changed, first, type Mode, type Runner, readLater, writeLater } from './work.ts'

/** What may be used once in a whole fleet, by what it is used for. Everything rejects when the store cannot be read or written. */
export interface UsedOnce {
  /** True for its first use, and for no other. `digest` is one: nothing that is a secret itself. */
  take(purpose: string, digest: string, expiresAt: number): Promise<boolean>
  has(purpose: string, digest: string): Promise<boolean>
  /** Forgets what nobody would take anyhow. Answers how many. */
  purge(now: number): Promise<number>
}

export function usedOnce<M extends Mode>(runner: Runner<M>): UsedOnce {
  const table = tables.selectFrom('used_once').select('digest')
  return {
    take: (purpose, digest, expires_at) =>
      writeLater(runner, function* () {
        // One statement: of two that take it at once one does.
        const insert = tables.insertInto('used_once').values({ purpose, digest, expires_at })
        return (yield* changed(insert.onConflict((conflict) => conflict.doNothing()))) === 1
      }),
    has: (purpose, digest) =>
      readLater(runner, function* () {
        const found = yield* first(table.where('purpose', '=', purpose).where('digest', '=', digest))
        return found !== undefined
      }),
    purge: (now) =>
      writeLater(runner, function* () {
        return yield* changed(tables.deleteFrom('used_once').where('expires_at', '<=', now))
      }),
  }
}
