import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { LoadOptions } from '../config/load.ts'
import { type Loaded, loadAll } from '../config/load-all.ts'
import { type PolicySource, placeProblems } from '../config/policy-sources.ts'
import { printableJson, problemsJson, renderProblems } from '../config/report.ts'
import { writeYaml } from '../config/yaml.ts'
import type { MethodName } from '../model/identity.ts'
import type { PlacedProblem } from '../model/problem.ts'
import type { Settings } from '../model/settings.ts'
import { lintPolicy } from '../policy/lints/index.ts'
import type { LintFacts } from '../policy/lints/lint.ts'
import { compilePolicies, type NamedPolicy } from '../serving/compile-policies.ts'
import { spoolProblems } from '../serving/spool-problem.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { vouchers } from './vouchers.ts'

interface CheckOptions extends CommonOptions {
  /** False (`--no-secrets`) leaves variables and secret files out, and the folder of uploads: all are of one machine. */
  readonly secrets?: boolean
  /** Warnings are errors: in the severity that is printed, and in the exit code. */
  readonly strict?: boolean
  /** Prints the config with its defaults; secrets stay references. */
  readonly show?: boolean
}

/**
 * `sallyport check`: every problem of config and policies at once, and what in sound policies is hardly meant. Exit 1
 * when there is an error (with `--strict`, a warning), 2 without a config.
 */
export async function run(options: CheckOptions, io: CommandIo): Promise<number> {
  const file = resolve(io.cwd, options.config)
  const loaded = await loadAndLint(file, { env: io.env, secrets: options.secrets ?? true })
  const problems = options.strict ? loaded.problems.map(asError) : loaded.problems
  const text = problemText(problems, io.cwd)
  if (problems.some(({ severity }) => severity === 'error')) {
    if (options.json) io.stdout.write(problemsJson(near(problems, io.cwd)))
    else io.stderr.write(text)
    return isUnusable(problems) ? EXIT.unusable : EXIT.no
  }
  if (options.show) {
    // What is shown is a document to be read by programs: warnings must not stand in it.
    io.stderr.write(text)
    io.stdout.write(options.json ? `${printableJson(loaded.config, 2)}\n` : writeYaml(loaded.config))
  } else if (options.json) {
    io.stdout.write(problemsJson(near(problems, io.cwd)))
  } else {
    io.stdout.write(`${text}${shown(file, io.cwd)} and its policies are sound\n`)
  }
  return EXIT.done
}

/** As `loadAll`, with the lints of policies that have no error: of others they would say what only stems from it. */
async function loadAndLint(file: string, options: LoadOptions): Promise<Loaded<NamedPolicy>> {
  let read: readonly PolicySource[] = []
  const loaded = await loadAll(file, {
    ...options,
    compile: (sources, names) => {
      read = sources
      return compilePolicies(sources, names)
    },
  })
  if (!loaded.settings || !loaded.policy) return loaded
  const found = placeProblems(read, lintPolicy(read, lintFacts(loaded.settings)))
  // Like a secret, the folder is that of the machine that serves.
  const ofSpool = options.secrets ? await spoolProblems(loaded) : []
  return { ...loaded, problems: [...loaded.problems, ...ofSpool, ...found] }
}

function lintFacts(settings: Settings): LintFacts {
  const { issuers, ldap, saml, local, mtls, apiKeys, upstreams } = settings
  const methods: MethodName[] = []
  if (issuers.length > 0) methods.push('jwt')
  if (saml.length > 0) methods.push('saml')
  if (ldap.length > 0) methods.push('ldap')
  if (local.enabled) methods.push('local')
  if (mtls !== undefined) methods.push('mtls')
  if (apiKeys.enabled) methods.push('api_key')
  return { issuers: vouchers(settings).filter((name) => name !== 'api_keys'), methods, upstreams }
}

const asError = (problem: PlacedProblem): PlacedProblem => ({ ...problem, severity: 'error' })

/** The text of problems for people, with the count of errors at its end: what `check` and every other command print. */
export function problemText(problems: readonly PlacedProblem[], cwd: string): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const text = renderProblems(near(problems, cwd), (name) => sourceOf(name, cwd))
  return errors === 0 ? text : `${text}${errors === 1 ? '1 error' : `${errors} errors`}\n`
}

function near(problems: readonly PlacedProblem[], cwd: string): PlacedProblem[] {
  return problems.map((problem) => ({ ...problem, file: shown(problem.file, cwd) }))
}

function isUnusable(problems: readonly PlacedProblem[]): boolean {
  return problems.some(({ code }) => code === 'config_unreadable')
}

function sourceOf(file: string, cwd: string): string | null {
  try {
    return readFileSync(resolve(cwd, file), 'utf8').slice(0, 2 * 1024 * 1024)
  } catch {
    return null
  }
}

function shown(file: string, cwd: string): string {
  const near = relative(cwd, resolve(cwd, file))
  return near !== '' && near.length < resolve(cwd, file).length ? near : file
}
