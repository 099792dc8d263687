import {
  type CompiledQuery,
  createQueryId,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RootOperationNode,
  SqliteQueryCompiler,
} from 'kysely'
import type { Tables } from './tables.ts'

/** A statement, for whichever database it will be asked of. */
export interface Queried<Row> {
  toOperationNode(): RootOperationNode
  /** Says what it answers. */
  compile(): CompiledQuery<Row>
  /** Values in place of those that it was built with. */
  readonly given?: readonly unknown[]
}

export type Dialect = 'sqlite' | 'postgres'

/** Builds statements, and asks nobody: `compilerOf` writes them for a database. */
export const tables = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** A statement that is built once, and asked with other values: for what requests wait for. */
export function prepared<Values extends readonly (string | number)[], Row>(
  query: Queried<Row>,
): (...values: Values) => Queried<Row> {
  const node = query.toOperationNode()
  const compile = () => query.compile()
  const toOperationNode = () => node
  return (...values) => ({ toOperationNode, compile, given: values })
}

/** Writes statements as SQL; those that are built once only once. */
export function compilerOf(dialect: Dialect): (query: Queried<unknown>) => Pick<CompiledQuery, 'sql' | 'parameters'> {
  const compiler = dialect === 'sqlite' ? new SqliteQueryCompiler() : new PostgresQueryCompiler()
  const written = new WeakMap<RootOperationNode, string>()
  return (query) => {
    const node = query.toOperationNode()
    if (query.given === undefined) return compiler.compileQuery(node, createQueryId())
    const known = written.get(node)
    if (known !== undefined) return { sql: known, parameters: query.given }
    const { sql } = compiler.compileQuery(node, createQueryId())
    written.set(node, sql)
    return { sql, parameters: query.given }
  }
}
