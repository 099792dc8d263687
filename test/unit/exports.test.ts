import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Sources } from './architecture-rules.ts'
import { unusedExports } from './export-rules.ts'

const ROOT = join(import.meta.dirname, '../..')
const sources: Sources = new Map(
  globSync('{src,test,scripts}/**/*.ts', { cwd: ROOT }).map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]),
)

/** The command line imports the one command that was asked for, and `bin/sallyport` the command line. */
const COMMAND = /^src\/cli\/[\w-]+\.ts: (?:run|main)$/

/** What tests are set up with is there for tests that are yet to come. */
const SETUP = /^test\//

t.test('what is exported is imported somewhere', async (t) => {
  const unused = unusedExports(sources)
  t.ok(
    unused.some((found) => COMMAND.test(found)),
    'the commands are found',
  )
  t.same(
    unused.filter((found) => !COMMAND.test(found) && !SETUP.test(found)),
    [],
    'take the `export` away, or what nobody uses',
  )
})

const A = 'src/a/a.ts'
const rows: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['a function that nobody imports', 'export function one() {}', '', [`${A}: one`]],
  ['a constant', 'export const ONE = 1', '', [`${A}: ONE`]],
  ['an asynchronous function', 'export async function one() {}', '', [`${A}: one`]],
  ['a class', 'export class One {}', '', [`${A}: One`]],
  ['one of a list', 'const one = 1\nexport { one }', '', [`${A}: one`]],
  ['the same name of another file', 'export const one = 1', "import { one } from './c.ts'", [`${A}: one`]],
  ['what is imported', 'export const one = 1', "import { one } from './a.ts'", []],
  ['under another name', 'export const one = 1', "import { two, one as three } from './a.ts'", []],
  ['its type alone', 'export const one = 1', "import type { one } from './a.ts'", []],
  ['over several lines', 'export const one = 1', "import {\n  two,\n  type one,\n} from './a.ts'", []],
  ['handed on', 'export const one = 1', "export { one } from './a.ts'", ['src/a/b.ts: one']],
  ['all of it', 'export const one = 1', "import * as all from './a.ts'", []],
  ['later', 'export const one = 1', "const all = await import('./a.ts')", []],
  ['a type, which nobody need name', 'export interface One {}', '', []],
]
t.test('and one that is not is found', async (t) => {
  for (const [name, a, b, found] of rows) {
    const given: Sources = new Map([
      [A, a],
      ['src/a/b.ts', b],
    ])
    t.same(unusedExports(given), found, name)
  }
})
