import { posix } from 'node:path'

/** Sources by their path in the repository, `src/policy/decide.ts`. */
export type Sources = ReadonlyMap<string, string>

export interface Import {
  readonly from: string
  /** As written; a dynamic import of something computed is `null`. */
  readonly specifier: string | null
  readonly typeOnly: boolean
  readonly dynamic: boolean
}

const CORE = ['schema', 'policy', 'endpoints', 'shape', 'guards', 'analysis']
const EDGES = ['identity', 'upstream', 'limits', 'audit', 'stores', 'config', 'sockets']

/** What a folder of `src` may import, beside itself. `serving` is the composition root. */
const MAY_IMPORT: { readonly [layer: string]: readonly string[] } = {
  model: [],
  ...Object.fromEntries(CORE.map((name) => [name, name === 'schema' ? ['model'] : ['model', 'schema']])),
  analysis: ['model', 'schema', 'policy'],
  ...Object.fromEntries(EDGES.map((name) => [name, ['model', 'schema']])),
  pipeline: ['model', ...CORE, ...EDGES],
  http: ['model', 'pipeline'],
  admin: ['model', 'pipeline', 'http'],
  serving: ['model', ...CORE, ...EDGES, 'pipeline', 'http', 'admin'],
  demo: ['model'],
  cli: ['model', ...CORE, ...EDGES, 'serving', 'demo'],
}

const IMPURE =
  /\b(?:Date\.now|performance\.now|Math\.random|randomBytes|randomUUID|setTimeout|setInterval|fetch)\(|new Date\(\)/g

function layerOf(file: string): string {
  const steps = file.split('/')
  return steps.length === 2 ? 'src' : (steps[1] ?? '')
}

/** Every import of one source, static and dynamic. */
export function importsOf(from: string, source: string): Import[] {
  const text = source.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const found: Import[] = []
  for (const [, type, specifier = ''] of text.matchAll(/^(?:import|export)(\s+type)?\b[^'"`;]*?from\s+'([^']+)'/gm)) {
    found.push({ from, specifier, typeOnly: type !== undefined, dynamic: false })
  }
  for (const [, specifier = ''] of text.matchAll(/^import\s+'([^']+)'/gm)) {
    found.push({ from, specifier, typeOnly: false, dynamic: false })
  }
  for (const [, quoted, specifier] of text.matchAll(/\bimport\(\s*(?:(['"])([^'"]+)['"]\s*\))?/g)) {
    found.push({ from, specifier: quoted === undefined ? null : (specifier ?? ''), typeOnly: false, dynamic: true })
  }
  return found
}

/** The file that a relative import names; null for a package or built-in. */
export function targetOf({ from, specifier }: Import): string | null {
  return specifier?.startsWith('.') ? posix.normalize(posix.join(posix.dirname(from), specifier)) : null
}

/** Imports that the dependency rule forbids, each as `file -> file`. */
export function layerViolations(sources: Sources): string[] {
  return all(sources).flatMap((found) => {
    const target = targetOf(found)
    if (target === null) return []
    const [own, other] = [layerOf(found.from), layerOf(target)]
    const allowed = MAY_IMPORT[own]
    if (allowed === undefined) return [`${found.from}: \`${own}\` is no layer`]
    return own === other || allowed.includes(other) ? [] : [`${found.from} -> ${target}`]
  })
}

/** Built-ins and packages that pure code imports: only `typebox` is free of I/O by promise. */
export function impurities(sources: Sources, allowed: readonly string[]): string[] {
  const pure = new Map([...sources].filter(([file]) => ['model', ...CORE].includes(layerOf(file))))
  const imported = all(pure)
    .filter((found) => !found.typeOnly && targetOf(found) === null && found.specifier !== null)
    .filter(({ specifier }) => !allowed.includes(String(specifier)))
    .map(({ from, specifier }) => `${from} -> ${specifier}`)
  const clocks = [...pure].flatMap(([file, source]) => [...source.matchAll(IMPURE)].map(([use]) => `${file}: ${use}`))
  return [...imported, ...clocks]
}

/** A file on each cycle of value imports, with the way around. */
export function cycles(sources: Sources): string[] {
  const edges = new Map<string, string[]>()
  for (const found of all(sources)) {
    const target = targetOf(found)
    if (target !== null && !found.dynamic) edges.set(found.from, [...(edges.get(found.from) ?? []), target])
  }
  const done = new Set<string>()
  const around: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      around.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      return
    }
    if (done.has(file)) return
    for (const next of edges.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of edges.keys()) visit(file, [])
  return around
}

/** Which files import each package for its values; type-only imports leave nothing behind. */
export function packageUsers(sources: Sources): Map<string, string[]> {
  const users = new Map<string, string[]>()
  for (const { from, specifier, typeOnly } of all(sources)) {
    if (specifier === null || typeOnly || specifier.startsWith('.') || specifier.startsWith('node:')) continue
    const steps = specifier.split('/')
    const name = steps.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
    users.set(name, [...new Set([...(users.get(name) ?? []), from])].sort())
  }
  return users
}

function all(sources: Sources): Import[] {
  return [...sources].flatMap(([file, source]) => importsOf(file, source))
}
