import { writeFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { loadAll } from '../config/load-all.ts'
import { reasonOf } from '../config/read-file.ts'
import { printable, printableJson } from '../config/report.ts'
import { compilePolicies, type NamedPolicy } from '../serving/compile-policies.ts'
import { readCaseFiles } from './case-files.ts'
import { fileGroups, type Standing } from './case-groups.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { type Coverage, coverageOf, meetsMinimum, percentOf } from './coverage.ts'
import { junitReport } from './junit.ts'
import { decidedUpstreams } from './policy-outcome.ts'
import { type CaseGroup, type GroupResults, runGroup, type TestResult, testGroups } from './policy-tests.ts'

interface PolicyTestOptions extends CommonOptions {
  readonly files?: readonly string[]
  readonly minCoverage?: string
  readonly junit?: string
}

interface Report {
  /** The policies of the config: what is asked where a file does not bring its own. */
  readonly policy: NamedPolicy
  readonly config: string
  /** Whether other files were named: then it is said which policy each was asked of. */
  readonly hasFiles: boolean
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
  const loaded = await loadAll(file, { env: io.env, secrets: false, compile: compilePolicies })
  const { settings, policy } = loaded
  if (!settings || !policy) return unusable(io, problemText(loaded.problems, io.cwd))
  const standing = { policy, upstreams: decidedUpstreams(settings), files: new Set(loaded.files) }
  const { files = [] } = options
  const groups = await groupsOf(files, standing, io)
  if (groups === null) return EXIT.unusable
  const report = reportOf(groups, { policy, config: file, hasFiles: files.length > 0, minimum })
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
  standing: Standing & { readonly files: ReadonlySet<string> },
  io: CommandIo,
): Promise<readonly CaseGroup[] | null> {
  const read = await readCaseFiles(paths, io.cwd)
  const others = read.ok ? read.value.filter(({ name }) => !standing.files.has(name)) : []
  const more = read.ok ? fileGroups(others, standing) : read
  if (more.ok) return [...testGroups(standing.policy, standing.upstreams), ...more.value]
  io.stderr.write(problemText(more.fault, io.cwd))
  return null
}

type Asked = Pick<Report, 'policy' | 'config' | 'hasFiles' | 'minimum'>

function reportOf(groups: readonly CaseGroup[], asked: Asked): Report {
  const { policy, minimum } = asked
  const now = Date.now()
  const ran = groups.map((group) => runGroup(group, now))
  const exercised = new Set(ran.flatMap((one) => (one.group.policy === policy ? [...one.exercised] : [])))
  const coverage = coverageOf(
    policy.outline().rules.map(({ id }) => id),
    exercised,
  )
  const isCovered = minimum === null || meetsMinimum(coverage, minimum)
  const ok = isCovered && ran.every(({ results }) => results.every((result) => result.ok))
  return { ...asked, groups: ran, coverage, ok }
}

const resultsOf = ({ groups }: Pick<Report, 'groups'>) => groups.flatMap(({ results }) => results)

function reportJson({ ok, groups, coverage, minimum, policy }: Report, cwd: string): string {
  const tests = groups.flatMap(({ group, results }) => {
    const asked = group.policy === policy ? 'config' : 'own'
    return results.map(({ file, ...row }) => ({ file: relative(cwd, file), policy: asked, ...row }))
  })
  const asked = minimum === null ? coverage : { ...coverage, minimum }
  return `${printableJson({ ok, tests, coverage: asked }, 2)}\n`
}

function reportText(report: Report, cwd: string): string {
  const results = resultsOf(report)
  if (results.length === 0 && !report.hasFiles) return `the policies have no tests\n${coverageText(report)}`
  const failures = results.filter(({ ok }) => !ok).length
  const hasHeads = report.hasFiles || report.groups.length > 1
  const tables = report.groups.map((one) => {
    const rows = one.results.map(resultLine).join('')
    return hasHeads ? `${headOf(report, one, cwd)}\n${rows}` : rows
  })
  const gap = hasHeads ? '\n' : ''
  return `${tables.join(gap)}${gap}${results.length} tests, ${failures} failed\n${coverageText(report)}`
}

/** The file, and where others than those of the policies were named, which policy its tests were asked of. */
function headOf({ policy, config, hasFiles }: Report, { group, results }: GroupResults, cwd: string): string {
  const name = printable(relative(cwd, group.file))
  if (!hasFiles) return name
  const asked = group.policy === policy ? `the policies of ${printable(relative(cwd, config))}` : 'its own policy'
  return results.length === 0 ? `${name} has no tests` : `${name}, asked of ${asked}`
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
