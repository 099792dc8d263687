import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { compilePolicies } from '../compile-policies.ts'
import { loadAll } from '../config/load-all.ts'
import { problemsJson, renderProblems } from '../config/report.ts'
import { writeYaml } from '../config/yaml.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'

export interface CheckOptions extends CommonOptions {
  /** False (`--no-secrets`) leaves variables and secret files out. */
  readonly secrets?: boolean
  /** Prints the config with its defaults; secrets stay references. */
  readonly show?: boolean
}

/** `sallyport check`: every problem of config and policies at once. Exit 1 when there is an error, 2 without a config. */
export async function run(options: CheckOptions, io: CommandIo): Promise<number> {
  const file = resolve(io.cwd, options.config)
  const loaded = await loadAll(file, { env: io.env, secrets: options.secrets ?? true, compile: compilePolicies })
  const problems = loaded.problems.map((problem) => ({ ...problem, file: shown(problem.file, io.cwd) }))
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (options.json && !(options.show && errors.length === 0)) io.stdout.write(problemsJson(problems))
  else io[errors.length > 0 ? 'stderr' : 'stdout'].write(renderProblems(problems, (name) => sourceOf(name, io.cwd)))
  if (errors.length > 0) {
    if (!options.json) io.stderr.write(`${counted(errors.length)}\n`)
    return isUnusable(problems) ? EXIT.unusable : EXIT.no
  }
  if (options.show) {
    io.stdout.write(options.json ? `${JSON.stringify(loaded.config, null, 2)}\n` : writeYaml(loaded.config))
  } else if (!options.json) {
    io.stdout.write(`${shown(file, io.cwd)} and its policies are sound\n`)
  }
  return EXIT.done
}

/** The text of problems for people, as `serve` prints it before it gives up. */
export function problemText(problems: readonly PlacedProblem[], cwd: string): string {
  const near = problems.map((problem) => ({ ...problem, file: shown(problem.file, cwd) }))
  return renderProblems(near, (name) => sourceOf(name, cwd))
}

function counted(errors: number): string {
  return errors === 1 ? '1 error' : `${errors} errors`
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
