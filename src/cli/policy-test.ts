import { writeFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { loadAll } from '../config/load-all.ts'
import { reasonOf } from '../config/read-file.ts'
import { printable } from '../config/report.ts'
import { compilePolicies, type NamedPolicy } from '../serving/compile-policies.ts'
import { readCaseFiles } from './case-files.ts'
import { fileGroups, type Standing } from './case-groups.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { type Coverage, coverageOf, meetsMinimum, percentOf } from './coverage.ts'
import { junitReport } from './junit.ts'
import { decidedUpstreams } from './policy-outcome.ts'
import { type CaseGroup, type GroupResults, runGroup, type TestResult, testGroups } from './policy-tests.ts'

export interface PolicyTestOptions extends CommonOptions {
  readonly files?: readonly string[]
  readonly minCoverage?: string
  readonly junit?: string
}

interface Report {
  readonly groups: readonly GroupResults[]
  readonly coverage: Coverage
  readonly minimum: number | null
  readonly ok: boolean
}

/**
 * `sallyport policy test`: the `tests` of the policies and those of other files, and which rules of the policies none of
 * them exercises. Secrets are not looked for: it runs where the config is reviewed.
 */
export async function run(options: PolicyTestOptions, io: CommandIo): Promise<number> {
  const minimum = options.minCoverage === undefined ? null : percentOf(options.minCoverage)
  if (minimum === null && options.minCoverage !== undefined) {
    return unusable(io, 'error: `--min-coverage` must be a number from 0 to 100\n')
  }
  const file = resolve(io.cwd, options.config)
  const { settings, policy, problems } = await loadAll(file, { env: io.env, secrets: false, compile: compilePolicies })
  if (!settings || !policy) return unusable(io, problemText(problems, io.cwd))
  const standing = { policy, upstreams: decidedUpstreams(settings) }
  const groups = await groupsOf(options.files ?? [], standing, io)
  if (groups === null) return EXIT.unusable
  const report = reportOf(groups, policy, minimum)
  if (options.junit !== undefined && !(await writeJunit(options.junit, report, io))) return EXIT.unusable
  io.stdout.write(options.json ? reportJson(report, io.cwd) : reportText(report, io.cwd))
  return report.ok ? EXIT.done : EXIT.no
}

function unusable(io: CommandIo, text: string): number {
  io.stderr.write(text)
  return EXIT.unusable
}

/** Null when a file is unusable; that has been said then. A file of the policies in force is not run twice. */
async function groupsOf(
  paths: readonly string[],
  standing: Standing,
  io: CommandIo,
): Promise<readonly CaseGroup[] | null> {
  const own = testGroups(standing.policy, standing.upstreams)
  const files = await readCaseFiles(paths, io.cwd)
  const isOwn = new Set(own.map(({ file }) => file))
  const more = files.ok
    ? fileGroups(
        files.value.filter(({ name }) => !isOwn.has(name)),
        standing,
      )
    : files
  if (more.ok) return [...own, ...more.value]
  io.stderr.write(problemText(more.fault, io.cwd))
  return null
}

function reportOf(groups: readonly CaseGroup[], policy: NamedPolicy, minimum: number | null): Report {
  const now = Date.now()
  const ran = groups.map((group) => runGroup(group, now))
  const exercised = new Set(ran.flatMap((one) => (one.group.policy === policy ? [...one.exercised] : [])))
  const coverage = coverageOf(
    policy.outline().rules.map(({ id }) => id),
    exercised,
  )
  const isCovered = minimum === null || meetsMinimum(coverage, minimum)
  const ok = isCovered && ran.every(({ results }) => results.every((result) => result.ok))
  return { groups: ran, coverage, minimum, ok }
}

const resultsOf = ({ groups }: Report) => groups.flatMap(({ results }) => results)

function reportJson(report: Report, cwd: string): string {
  const tests = resultsOf(report).map(({ file, ...row }) => ({ file: relative(cwd, file), ...row }))
  const { ok, coverage, minimum } = report
  const asked = minimum === null ? coverage : { ...coverage, minimum }
  return `${JSON.stringify({ ok, tests, coverage: asked }, null, 2)}\n`
}

function reportText(report: Report, cwd: string): string {
  const results = resultsOf(report)
  if (results.length === 0) return `the policies have no tests\n${coverageText(report)}`
  const failures = results.filter(({ ok }) => !ok).length
  const isOne = report.groups.length === 1
  const tables = report.groups.map((one) => {
    const head = isOne || one.results.length === 0 ? '' : `${printable(relative(cwd, one.group.file))}\n`
    return head + one.results.map(resultLine).join('')
  })
  return `${tables.join(isOne ? '' : '\n')}${isOne ? '' : '\n'}${results.length} tests, ${failures} failed\n${coverageText(report)}`
}

function resultLine({ ok, name, served, expected, got }: TestResult): string {
  const note = served === false ? '        no upstream of the config serves its model\n' : ''
  const head = `${ok ? 'ok    ' : 'FAILED'}  ${printable(name)}\n${note}`
  return ok ? head : `${head}        expected ${printable(expected)}\n        got      ${printable(got)}\n`
}

function coverageText({ coverage, minimum }: Report): string {
  const { rules, exercised, percent, missing } = coverage
  const head = `${exercised} of ${rules} rules exercised (${percent} %)`
  const isShort = minimum !== null && !meetsMinimum(coverage, minimum)
  const wanted = isShort ? `; \`--min-coverage\` asks for ${minimum} %` : ''
  const rows = missing.map((id) => `        ${printable(id)}\n`).join('')
  return rows === '' ? `${head}${wanted}\n` : `${head}${wanted}; no test exercises:\n${rows}`
}

async function writeJunit(file: string, { groups }: Report, io: CommandIo): Promise<boolean> {
  const suites = groups.map(({ group, results }) => ({ name: relative(io.cwd, group.file), results }))
  try {
    await writeFile(resolve(io.cwd, file), junitReport(suites))
    return true
  } catch (cause) {
    io.stderr.write(`error: the report cannot be written: ${printable(reasonOf(cause))}\n`)
    return false
  }
}
