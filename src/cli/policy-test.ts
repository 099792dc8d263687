import { relative, resolve } from 'node:path'
import { loadAll } from '../config/load-all.ts'
import { printable } from '../config/report.ts'
import { compilePolicies } from '../serving/compile-policies.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { decidedUpstreams } from './policy-outcome.ts'
import { runTests, type TestResult } from './policy-tests.ts'

/** `sallyport policy test`. Secrets are not looked for: it runs where the config is reviewed. */
export async function run(options: CommonOptions, io: CommandIo): Promise<number> {
  const file = resolve(io.cwd, options.config)
  const { settings, policy, problems } = await loadAll(file, { env: io.env, secrets: false, compile: compilePolicies })
  if (!settings || !policy) {
    io.stderr.write(problemText(problems, io.cwd))
    return EXIT.unusable
  }
  const results = runTests(policy, decidedUpstreams(settings), Date.now())
  const failures = results.filter(({ ok }) => !ok).length
  if (options.json) {
    const rows = results.map(({ file, ...row }) => ({ file: relative(io.cwd, file), ...row }))
    io.stdout.write(`${JSON.stringify({ ok: failures === 0, tests: rows }, null, 2)}\n`)
  } else {
    io.stdout.write(results.map(resultLine).join(''))
    io.stdout.write(
      results.length === 0 ? 'the policies have no tests\n' : `${results.length} tests, ${failures} failed\n`,
    )
  }
  return failures === 0 ? EXIT.done : EXIT.no
}

function resultLine({ ok, name, served, expected, got }: TestResult): string {
  const note = served === false ? '        no upstream of the config serves its model\n' : ''
  const head = `${ok ? 'ok    ' : 'FAILED'}  ${printable(name)}\n${note}`
  return ok ? head : `${head}        expected ${printable(expected)}\n        got      ${printable(got)}\n`
}
