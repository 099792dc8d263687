import { printable } from '../config/report.ts'
import type { TestResult } from './policy-tests.ts'

interface JunitSuite {
  readonly name: string
  readonly results: readonly TestResult[]
}

/** The report that CI systems read: a suite for each file. Well-formed whatever the names are. */
export function junitReport(suites: readonly JunitSuite[]): string {
  const all = suites.flatMap(({ results }) => results)
  const lines = suites.map(suite)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sallyport policy test"${counts(all)}>\n${lines.join('')}</testsuites>\n`
}

function suite({ name, results }: JunitSuite): string {
  const cases = results.map((result) => testCase(name, result))
  return `  <testsuite name="${escaped(name)}"${counts(results)}>\n${cases.join('')}  </testsuite>\n`
}

function testCase(suiteName: string, { name, ok, expected, got }: TestResult): string {
  const open = `    <testcase classname="${escaped(suiteName)}" name="${escaped(name)}"`
  if (ok) return `${open}/>\n`
  const message = escaped(`expected ${expected}; got ${got}`)
  return `${open}>\n      <failure type="decision" message="${message}">${message}</failure>\n    </testcase>\n`
}

function counts(results: readonly TestResult[]): string {
  return ` tests="${results.length}" failures="${results.filter(({ ok }) => !ok).length}" errors="0" skipped="0"`
}

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Controls and half surrogates, which XML cannot hold at all, are escaped or replaced as for a terminal. */
function escaped(text: string): string {
  return printable(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (found) => ENTITIES[found] ?? '')
}
