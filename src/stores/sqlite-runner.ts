import type { Statement } from 'better-sqlite3'
import { compilerOf } from './queries.ts'
import type { SqliteFile } from './sqlite.ts'
import type { Answered, Runner, Work } from './work.ts'

/** Statements are kept prepared, up to so many. */
const MAX_KEPT = 200

/** Does work on one open file, each to its end before anything else happens in this process. */
export function sqliteRunner(database: SqliteFile): Runner<'sync'> {
  const compile = compilerOf('sqlite')
  const kept = new Map<string, Statement>()
  const statement = (sql: string): Statement => {
    const known = kept.get(sql)
    if (known !== undefined) return known
    if (kept.size >= MAX_KEPT) kept.clear()
    const made = database.prepare(sql)
    kept.set(sql, made)
    return made
  }
  const run = <T>(work: () => Work<T>): T => {
    const steps = work()
    let step = steps.next()
    while (!step.done) {
      const { sql, parameters } = compile(step.value)
      step = steps.next(answered(statement(sql), parameters))
    }
    return step.value
  }
  const inTransaction = database.transaction((work: () => Work<unknown>) => run(work))
  const change = <T>(_topic: string, work: () => Work<T>): T => {
    let result: { readonly value: T } | null = null
    inTransaction.immediate(function* () {
      result = { value: yield* work() }
    })
    return (result as unknown as { readonly value: T }).value
  }
  return {
    run,
    // A file has one writer at a time, whatever it changes.
    change,
    findOrChange: (topic, find, work) => run(find) ?? change(topic, work),
  }
}

function answered(statement: Statement, parameters: readonly unknown[]): Answered {
  if (statement.reader) {
    const rows = statement.all(...parameters)
    return { rows, changes: rows.length }
  }
  return { rows: [], changes: statement.run(...parameters).changes }
}
