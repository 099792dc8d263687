/**
 * Mutation testing of the policy: changes `src/policy` in one small way at a time, in memory and on a copy of the tree,
 * and asks the tests of the policy whether they notice. `npm run mutate -- --minutes 30 [FILE…]`; goes on where the last
 * run ended. `--commit REV` copies that commit instead of the files as they are; `--kept FILE` keeps the results there,
 * so that two runs can go on side by side. Prints the score, and each mutant that no test notices and that is not known
 * to be equivalent; these make the exit code 1.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findMutants, type Mutant } from './mutants.ts'
import { printReport, type Row, readEquivalents } from './report.ts'
import { digestOf, type Outcome, openResults, type Results } from './results.ts'
import { openRunner, type Runner } from './runner.ts'
import type { Verdict } from './worker.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const KEPT = join(ROOT, 'node_modules/.cache/sallyport-mutants.json')
const MUTATED = 'src/policy/**/*.ts'
/** Quick ones first: most mutants do not live past them. */
const TESTS = [
  'test/unit/policy/**/*.test.ts',
  'test/cases/*.test.ts',
  'test/unit/config/schemas.test.ts',
  'test/property/{explained,hostile-names,index,monotone,obligations,order,unknown}.test.ts',
]
const PARTS = ['src', 'test', 'scripts', 'config', 'policies', 'docs', 'package.json']
const CASES = 4000
const SAVE_EVERY = 5

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '30' },
    commit: { type: 'string' },
    kept: { type: 'string', default: KEPT },
    anew: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})
const print = (text: string) => void process.stdout.write(`${text}\n`)

function copyTree(): string {
  const tree = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-mutate-')))
  if (values.commit !== undefined) {
    const archive = execFileSync('git', ['archive', values.commit], { cwd: ROOT, maxBuffer: 2 ** 30 })
    execFileSync('tar', ['-x', '-C', tree], { input: archive })
  } else for (const part of PARTS) cpSync(join(ROOT, part), join(tree, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  return tree
}

interface Work {
  readonly runner: Runner
  readonly tests: readonly string[]
  readonly testsDigest: string
  readonly results: Results
  /** What each test file takes without a mutant. */
  readonly baselineMs: Verdict['tookMs']
}

/** The sources as they are must pass, or nothing that fails later means anything. */
async function baseline(runner: Runner, tests: readonly string[]): Promise<Verdict['tookMs']> {
  const verdict = await runner.run({ mutant: null, tests }, () => 300_000)
  if (verdict?.test !== null) {
    throw new Error(`the tests fail without a mutant: ${verdict?.test ?? 'no answer'}: ${verdict?.why ?? ''}`)
  }
  return verdict.tookMs
}

async function outcomeOf(
  { runner, tests, baselineMs }: Work,
  file: string,
  source: string,
  mutant: Mutant,
  first: readonly string[],
) {
  const mutated = `${source.slice(0, mutant.start)}${mutant.after}${source.slice(mutant.end)}`
  const quickFirst = tests.toSorted((a, b) => (baselineMs[a] ?? 0) - (baselineMs[b] ?? 0))
  const order = [...new Set([...first, ...quickFirst])]
  const job = { mutant: { file, source: mutated }, tests: order }
  const limitMs = (test: string) => 20_000 + 20 * (baselineMs[test] ?? 0)
  // A machine that has much else to do is slow, too: what did not end is given a second chance.
  const verdict = (await runner.run(job, limitMs)) ?? (await runner.run(job, (test) => 3 * limitMs(test)))
  const outcome: Outcome =
    verdict === null
      ? { is: 'stuck' }
      : verdict.test === null
        ? { is: 'survived' }
        : { is: 'killed', by: verdict.test, why: verdict.why }
  return outcome
}

async function work(job: Work, files: readonly string[], tree: string, until: number): Promise<Row[]> {
  const rows: Row[] = []
  let tried = 0
  for (const file of files) {
    const { source, mutants } = findMutants(readFileSync(join(tree, file), 'utf8'))
    const lines = source.split('\n')
    const useful = new Map<string, number>()
    for (const mutant of mutants) {
      let outcome = job.results.get(file, mutant, job.testsDigest)
      if (outcome === null && Date.now() < until) {
        const first = [...useful].sort((a, b) => b[1] - a[1]).map(([test]) => test)
        outcome = await outcomeOf(job, file, source, mutant, first)
        job.results.set(file, mutant, job.testsDigest, outcome)
        if (++tried % SAVE_EVERY === 0) job.results.save()
      }
      if (outcome?.is === 'killed') useful.set(outcome.by, (useful.get(outcome.by) ?? 0) + 1)
      rows.push({ file, mutant, code: lines[mutant.line - 1]?.trim() ?? '', outcome })
    }
    if (process.stderr.isTTY) process.stderr.write(`${file}: ${mutants.length}\n`)
  }
  job.results.save()
  return rows
}

async function main(): Promise<void> {
  const minutes = Number(values.minutes)
  if (!(minutes >= 0)) throw new Error('--minutes wants a number')
  const tree = copyTree()
  const runner = openRunner(tree, CASES)
  try {
    const all = globSync(MUTATED, { cwd: tree }).sort()
    const files = all.filter((file) => positionals.length === 0 || positionals.some((name) => file.includes(name)))
    const tests = TESTS.flatMap((glob) => globSync(glob, { cwd: tree }).sort())
    const texts = new Map(all.map((file) => [file, readFileSync(join(tree, file), 'utf8')]))
    const results = openResults(values.kept, values.anew, texts)
    const testsDigest = digestOf(
      [...tests, ...globSync('test/{cases/*.yaml,support/*.ts}', { cwd: tree }).sort()].map((file) =>
        readFileSync(join(tree, file), 'utf8'),
      ),
    )
    const baselineMs = minutes > 0 ? await baseline(runner, tests) : {}
    const wholeMs = Object.values(baselineMs).reduce((sum, took) => sum + took, 0)
    print(`${files.length} files, ${tests.length} files of tests, ${Math.round(wholeMs)} ms without a mutant`)
    const job = { runner, tests, testsDigest, results, baselineMs }
    const rows = await work(job, files, tree, Date.now() + minutes * 60_000)
    const unexplained = printReport(rows, readEquivalents(), values.list, print)
    process.exitCode = unexplained > 0 ? 1 : 0
  } finally {
    runner.close()
    rmSync(tree, { recursive: true })
  }
}

await main()
