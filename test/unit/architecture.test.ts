import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { cycles, importsOf, impurities, layerViolations, packageUsers, type Sources } from './architecture-rules.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(`${ROOT}${file}`, 'utf8')
const sourcesOf = (pattern: string): Sources =>
  new Map(globSync(pattern, { cwd: ROOT }).map((file) => [file, read(file)] as const))
const src = sourcesOf('src/**/*.ts')
const manifest = JSON.parse(read('package.json'))

/** What pure code may import beside its own: values that compute and do nothing else. */
const PURE = [
  'typebox',
  'typebox/value',
  'typebox/compile',
  'typebox/schema',
  'node:util',
  'node:buffer',
  'node:net',
  'node:crypto',
]

/** Packages that more than one file imports, and why that is no leak of the library. */
const SHARED: { readonly [name: string]: { readonly files: RegExp; readonly why: string } } = {
  typebox: {
    files: /^src\/(?:schema|config|policy|identity)\//,
    why: 'schemas are written where their values are used',
  },
  undici: {
    files: /^src\/(?:upstream\/pools|identity\/jwt\/http-json)\.ts$/,
    why: 'two edges that may not import each other: requests to models, and documents of issuers',
  },
  ws: {
    files: /^src\/sockets\/(?:web-socket|message-socket)\.ts$/,
    why: 'how a WebSocket is opened, and what is done with an open one',
  },
  'ipaddr.js': {
    files: /^src\/(?:config\/addresses|http\/client-address)\.ts$/,
    why: 'config checks ranges and http matches addresses; neither may import the other',
  },
  commander: { files: /^src\/cli\/(?:main|commands)\.ts$/, why: 'the program and its table of commands' },
}

/** Files that may read a value that only another place should decide, and why. */
const DYNAMIC: { readonly [file: string]: string } = {
  'src/cli/main.ts': 'loads the one command that was asked for',
}

/** Open sets: a file of the folder whose text matches `entry` must be imported by the folder's `index.ts`. */
const LISTS = [
  { folder: 'src/endpoints', entry: /^export const \w+: Endpoint\b/m },
  { folder: 'src/audit/formats', entry: /^export const \w+: AuditFormat\b/m },
  { folder: 'src/identity/methods', entry: /^export const \w+: MethodKind\b/m },
  { folder: 'src/policy/conditions', entry: /= defineCondition\(/ },
] as const

const FORBIDDEN = /(?:^|-)(?:utils?|helpers?|common|managers?|misc)(?:-|\.|$)/

t.test('the dependency rule holds', async (t) => {
  t.same(layerViolations(src), [])
  t.same(impurities(src, PURE), [])
  t.same(cycles(src), [])
})

const rows: readonly (readonly [string, Record<string, string>, string[]])[] = [
  ['core may import the model', { 'src/policy/a.ts': "import { b } from '../model/b.ts'" }, []],
  [
    'core may not import an edge',
    { 'src/policy/a.ts': "import { b } from '../identity/b.ts'" },
    ['src/policy/a.ts -> src/identity/b.ts'],
  ],
  [
    'an edge may not import another, not even its types',
    { 'src/audit/a.ts': "import type { B } from '../stores/b.ts'" },
    ['src/audit/a.ts -> src/stores/b.ts'],
  ],
  [
    'a dynamic import is an import',
    { 'src/model/a.ts': "const b = await import('../policy/b.ts')" },
    ['src/model/a.ts -> src/policy/b.ts'],
  ],
  [
    'an export from elsewhere is an import',
    { 'src/model/a.ts': "export { b } from '../policy/b.ts'" },
    ['src/model/a.ts -> src/policy/b.ts'],
  ],
  [
    'an import over several lines is one',
    { 'src/model/a.ts': "import {\n  b,\n  c,\n} from '../policy/b.ts'" },
    ['src/model/a.ts -> src/policy/b.ts'],
  ],
  [
    'a new folder must be given a place',
    { 'src/new/a.ts': "import '../model/b.ts'" },
    ['src/new/a.ts: `new` is no layer'],
  ],
]

t.test('the dependency rule bites', async (t) => {
  for (const [name, sources, found] of rows) t.same(layerViolations(new Map(Object.entries(sources))), found, name)
  const dirty = new Map([['src/policy/a.ts', "import { readFileSync } from 'node:fs'\nconst now = Date.now()"]])
  t.same(impurities(dirty, PURE), ['src/policy/a.ts -> node:fs', 'src/policy/a.ts: Date.now('])
  const round = new Map([
    ['src/a/x.ts', "import { y } from './y.ts'"],
    ['src/a/y.ts', "import { x } from './x.ts'"],
  ])
  t.same(cycles(round), ['src/a/x.ts -> src/a/y.ts -> src/a/x.ts'])
  t.ok(FORBIDDEN.test('string-utils.ts') && FORBIDDEN.test('helper.ts') && !FORBIDDEN.test('community.ts'))
})

t.test('one file wraps each package', async (t) => {
  const users = packageUsers(src)
  const wide = [...users].filter(([name, files]) => {
    const shared = SHARED[name]
    return shared ? files.some((file) => !shared.files.test(file)) : files.length > 1
  })
  t.same(wide, [], 'no package is imported in a second place')
  const demo = (files: readonly string[]) => files.every((file) => file.startsWith('src/demo/'))
  const declared = Object.keys(manifest.dependencies)
  const missing = [...users].filter(([name, files]) => !declared.includes(name) && !demo(files)).map(([name]) => name)
  t.same(missing, [], 'what the program imports is a dependency')
})

t.test('only the command line and the schemas compute what they import', async (t) => {
  const computed = [...src].filter(([file, text]) => importsOf(file, text).some(({ specifier }) => specifier === null))
  t.same(
    computed.map(([file]) => file).filter((file) => !Object.hasOwn(DYNAMIC, file)),
    [],
  )
})

t.test('the environment and the terminal are arguments', async (t) => {
  const using = (pattern: RegExp) => [...src].filter(([, text]) => pattern.test(text)).map(([file]) => file)
  t.same(
    using(/process\.env\b/).filter((file) => file !== 'src/config/secrets.ts'),
    [],
  )
  // The demo keeps a library from the console, and prints code that uses it.
  t.same(
    using(/\bconsole\./).filter((file) => !/^src\/demo\/(?:identity-provider|snippets)\.ts$/.test(file)),
    [],
  )
  t.same(using(/process\.exit\(/), [])
})

t.test('files are short and say what they are', async (t) => {
  const long = [...src, ...sourcesOf('{test,scripts}/**/*.ts')].filter(
    ([, text]) => text.split('\n').length > 251 && !/^(?:\/\/|\/?\*).*\blength:/im.test(text),
  )
  t.same(
    long.map(([file, text]) => `${file}: ${text.split('\n').length - 1} lines`),
    [],
    'a file past 250 lines gives its reason (`Length: …`) in its head',
  )
  const tree = [...globSync('{src,test,scripts}/**/*', { cwd: ROOT })]
  t.same(
    tree.filter((file) => FORBIDDEN.test(basename(file))),
    [],
  )
  t.same(
    [...src].filter(([, text]) => /^export \*/m.test(text)).map(([file]) => file),
    [],
    'exports are named',
  )
})

t.test('open sets are listed', async (t) => {
  for (const { folder, entry } of LISTS) {
    const files = globSync(`${folder}/*.ts`, { cwd: ROOT }).sort()
    const list = `${folder}/index.ts`
    if (!t.ok(files.includes(list), `${list} exists`)) continue
    const listed = importsOf(list, read(list)).map(({ specifier }) => specifier)
    const entries = files.filter((file) => file !== list && entry.test(read(file)))
    t.ok(entries.length > 0, `${folder} has entries`)
    t.same(
      entries.filter((file) => !listed.includes(`./${basename(file)}`)),
      [],
      `${folder}: every entry is listed`,
    )
  }
})

t.test('packages are pinned, and none compiles at installation', async (t) => {
  const pinned = { ...manifest.dependencies, ...manifest.devDependencies }
  t.same(
    Object.entries(pinned).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version))),
    [],
  )
  // npm writes the lockfile without this member, and then compiles what ships prebuilt: put it back.
  const lock = JSON.parse(read('package-lock.json'))
  t.equal(lock.packages['node_modules/better-sqlite3'].gypfile, false, 'the lockfile keeps `"gypfile": false`')
  const scripted = Object.entries(lock.packages).filter(
    ([, entry]) => (entry as { hasInstallScript?: true }).hasInstallScript,
  )
  t.same(
    scripted.map(([path]) => path),
    ['node_modules/node'],
    'nothing else has an install script',
  )
})
