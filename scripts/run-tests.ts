/**
 * The test command: types, lint, generated schemas, then every test file, all of them even when one fails. Ends with
 * `N passed, N failed` (and `, N skipped`) alone on the last line, and with exit code 1 when anything failed.
 *
 * A suite that cannot run here (a server or tool is missing) skips itself with the reason
 * `left out: <what> (<how to get it>)`. Those are listed loudly at the end; where `CI` is set, any skip fails the run.
 *
 * Arguments are test files to run instead of all of them; the checks before them are then left away.
 */
import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TapTally } from './tap-tally.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const JOBS = 2
/** Of one test file; a fuzzer gets more when it is asked to run longer. Unit: seconds. */
const FILE_SECONDS = 420 + 20 * Number(process.env.SALLYPORT_FUZZ_SECONDS ?? 0)
const DETAIL_LINES = 60
/** Some thousand Node programs start in a run: each file of ours is compiled once for all of them. */
const COMPILED = mkdtempSync(join(tmpdir(), 'sallyport-compiled-'))
process.once('exit', () => rmSync(COMPILED, { recursive: true, force: true }))
const CHECKS = [
  ['types', 'tsc', ['--noEmit']],
  ['lint', 'biome', ['check', '.']],
  ['generated schemas', process.execPath, ['scripts/schemas.ts', '--check']],
] as const
/** Long ones first, so that no single file runs alone at the end. */
const SUITES = ['test/proxy', 'test/property', 'test/fuzz', 'test/cases', 'test/unit']

const print = (text: string) => void process.stdout.write(`${text}\n`)

function runLines(command: string, args: readonly string[], onLine: (line: string) => void): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: withOwnTools() })
    const lines = createInterface({ input: child.stdout })
    lines.on('line', onLine)
    child.once('error', (error) => {
      print(`cannot run \`${command}\`: ${error.message}`)
      resolve(127)
    })
    child.once('close', (code) => resolve(code ?? 1))
  })
}

/** The tools of this clone come first: this file may run without npm around it. */
function withOwnTools(): NodeJS.ProcessEnv {
  const { NODE_COMPILE_CACHE = COMPILED, PATH = '' } = process.env
  return { ...process.env, NODE_COMPILE_CACHE, PATH: `${ROOT}node_modules/.bin:${PATH}` }
}

async function runChecks(): Promise<{ passed: number; failed: number }> {
  const result = { passed: 0, failed: 0 }
  for (const [name, command, args] of CHECKS) {
    const lines: string[] = []
    const code = await runLines(command, args, (line) => lines.push(line))
    if (code === 0) result.passed++
    else result.failed++
    print(`${code === 0 ? 'ok  ' : 'FAIL'} ${name}`)
    if (code !== 0) for (const line of lines) print(`     ${line}`)
  }
  return result
}

/**
 * Runs one file as a plain Node program, which writes TAP, and hands its lines on as one group. tap's own runner is not
 * used: it puts hooks into every Node that a test starts, and the program under test must run as it is.
 */
async function runFile(file: string, tally: TapTally): Promise<void> {
  const lines: string[] = []
  const { code, late } = await new Promise<{ code: number | null; late: boolean }>((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', file], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...withOwnTools(), TAP_TIMEOUT: String(FILE_SECONDS) },
    })
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, FILE_SECONDS * 1100)
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, late })
    })
  })
  tally.push(`# Subtest: ${file}`)
  for (const line of lines) tally.push(`    ${line}`)
  const leftOut = lines.map((line) => /^1\.\.0 # (?!no tests found)(.+)$/.exec(line)?.[1]).find(Boolean)
  const empty = leftOut === undefined && !lines.some((line) => /^ *(?:not )?ok\b/.test(line))
  const sound = code === 0 && !empty
  tally.push(`${sound ? 'ok' : 'not ok'} 1 - ${file}${sound && leftOut ? ` # SKIP ${leftOut}` : ''}`)
  if (sound) return
  for (const line of [
    '---',
    `exit code: ${code}${empty ? ', no assertion' : ''}${late ? `, killed after ${FILE_SECONDS} s` : ''}`,
    '...',
  ])
    tally.push(`  ${line}`)
}

async function runFiles(files: readonly string[]): Promise<TapTally> {
  const tally = new TapTally(({ file, passed, failed, skipped }) => {
    print(`${failed > 0 ? 'FAIL' : 'ok  '} ${file}: ${closing(passed, failed, skipped)}`)
  })
  const waiting = [...files]
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runFile(file, tally)
  }
  await Promise.all(Array.from({ length: JOBS }, work))
  return tally
}

function printFailures(tally: TapTally): void {
  for (const { file, name, detail } of tally.failures) {
    print(`\nFAILED ${file}${name === '' ? '' : ` > ${name}`}`)
    for (const line of detail.slice(0, DETAIL_LINES)) print(`    ${line}`)
    if (detail.length > DETAIL_LINES) print(`    … ${detail.length - DETAIL_LINES} more lines`)
  }
}

function printSkips(tally: TapTally): void {
  const rule = '!'.repeat(100)
  if (tally.skips.length === 0) return
  print(`\n${rule}\n!! NOT EVERYTHING RAN: ${tally.skips.length} left out or skipped\n!!`)
  for (const { file, name, reason } of tally.skips) {
    print(`!! ${reason}`)
    print(`!!     ${file}${name === '' ? '' : ` > ${name}`}`)
  }
  print(rule)
}

function closing(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

const named = process.argv.slice(2)
const files =
  named.length > 0 ? named : SUITES.flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: ROOT }).sort())
const checks = named.length > 0 ? { passed: 0, failed: 0 } : await runChecks()
const tally = await runFiles(files)
printFailures(tally)
printSkips(tally)
const { total } = tally
const failed = checks.failed + total.failed + (total.passed + total.skipped === 0 ? 1 : 0)
const inCi = (process.env.CI ?? '') !== '' && process.env.CI !== 'false'
if (inCi && total.skipped > 0) print('\n`CI` is set: what did not run counts as a failure of the run')
print(`\n${closing(checks.passed + total.passed, failed, total.skipped)}`)
process.exitCode = failed > 0 || (inCi && total.skipped > 0) ? 1 : 0
