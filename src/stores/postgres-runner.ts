import type { Ask, Postgres } from './postgres.ts'
import { LOCK_SPACE } from './postgres-schema.ts'
import { compilerOf } from './queries.ts'
import type { Runner, Topic, Work } from './work.ts'

/** One after the other in the whole fleet; 0 is that of migrations. */
const LOCKS: { readonly [T in Topic]: number } = {
  keys: 1,
  users: 2,
  uses: 3,
  devices: 4,
}

/** Does work on PostgreSQL, once `ready` has resolved; asked each time, so that a server that comes back is used again. */
export function postgresRunner(postgres: Postgres, ready: () => Promise<void> | null): Runner<'async'> {
  const compile = compilerOf('postgres')
  const drive = async <T>(work: () => Work<T>, ask: Ask): Promise<T> => {
    const steps = work()
    let step = steps.next()
    while (!step.done) {
      const { sql, parameters } = compile(step.value)
      step = steps.next(await ask(sql, parameters))
    }
    return step.value
  }
  const run = async <T>(work: () => Work<T>): Promise<T> => {
    await ready()
    return postgres.session((ask) => drive(work, ask))
  }
  const change = async <T>(topic: Topic, work: () => Work<T>): Promise<T> => {
    await ready()
    return postgres.session(async (ask) => {
      await ask('BEGIN')
      await ask('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_SPACE, LOCKS[topic]])
      const result = await drive(work, ask)
      await ask('COMMIT')
      return result
    })
  }
  return { run, change, findOrChange: async (topic, find, work) => (await run(find)) ?? change(topic, work) }
}
