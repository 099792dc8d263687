/**
 * Runs test files against one mutant after another, in one process: everything that could depend on a mutant is loaded
 * anew for each, under an address of its own, and packages stay loaded. Started by `main.ts`, which ends it when a
 * mutant never comes back.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'

export interface Job {
  /** Null runs the tests on the sources as they are. */
  readonly mutant: { readonly file: string; readonly source: string } | null
  readonly tests: readonly string[]
}

/** Sent before each test file. */
export interface Progress {
  readonly began: string
}

export interface Verdict {
  /** The test file that noticed, or null. */
  readonly test: string | null
  readonly why: string
  readonly tookMs: { readonly [test: string]: number }
  readonly heapBytes: number
}

const MUTATION = '?mutation='
/** The same for every mutant: nothing that a mutant could be in is imported by these. */
const SHARED = ['src/model/', 'src/schema/']

const root = `${pathToFileURL(process.argv[2] ?? '.').href}/`
const assertions = new URL('./assertions.ts', import.meta.url).href
const sources = new Map<string, string>()
let generation = 0
let mutant: Job['mutant'] = null
let stray: unknown = null

fc.configureGlobal({ seed: 20_261_125, endOnFailure: true })
process.on('unhandledRejection', (cause) => {
  stray = cause
})

registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === 'tap') return { url: `${assertions}${MUTATION}${generation}`, shortCircuit: true }
    const found = next(specifier, context)
    const path = found.url.startsWith(root) ? found.url.slice(root.length) : null
    const isFresh =
      path !== null && /^(?:src|test|scripts)\//.test(path) && !SHARED.some((folder) => path.startsWith(folder))
    return isFresh ? { ...found, url: `${found.url}${MUTATION}${generation}` } : found
  },
  load: (url, context, next) => {
    const [plain = ''] = url.split(MUTATION)
    return plain === url ? next(url, context) : { format: 'module', source: sourceOf(plain), shortCircuit: true }
  },
})

function sourceOf(url: string): string {
  if (mutant !== null && url === `${root}${mutant.file}`) return mutant.source
  const known = sources.get(url) ?? stripTypeScriptTypes(readFileSync(new URL(url), 'utf8'))
  sources.set(url, known)
  return known
}

/** The first test file that fails. */
async function run(job: Job): Promise<Verdict> {
  const tookMs: { [test: string]: number } = {}
  const verdict = (test: string | null, why: string): Verdict => ({
    test,
    why,
    tookMs,
    heapBytes: process.memoryUsage().heapUsed,
  })
  mutant = job.mutant
  generation++
  for (const test of job.tests) {
    stray = null
    process.send?.({ began: test } satisfies Progress)
    const began = performance.now()
    try {
      const { default: t } = await import(`${assertions}${MUTATION}${generation}`)
      await import(`${root}${test}`)
      await t.settled()
      if (stray !== null) throw stray
    } catch (cause) {
      return verdict(test, words(cause))
    }
    tookMs[test] = performance.now() - began
  }
  return verdict(null, '')
}

function words(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const inner = cause.cause === undefined ? '' : `: ${words(cause.cause)}`
  return `${cause.message.split('\n', 1)[0]}${inner}`.slice(0, 300)
}

process.on('message', async (job: Job) => {
  const verdict = await run(job)
  process.send?.(verdict)
})
