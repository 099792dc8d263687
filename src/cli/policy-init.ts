import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { printable } from '../config/report.ts'
import { parseYaml } from '../config/yaml.ts'
import { compilePolicy } from '../policy/compile.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { type Choices, choicesOf, type InitFlags } from './init-answers.ts'
import { askStarter } from './init-questions.ts'
import { starterPolicy } from './starter-policy.ts'

export interface InitOptions extends CommonOptions, InitFlags {
  readonly file: string
}

/** `sallyport policy init`: exit 2, and nothing is written, where the file is there or the answers are not sound. */
export async function run(options: InitOptions, io: CommandIo): Promise<number> {
  const file = resolve(io.cwd, options.file)
  const shown = relative(io.cwd, file) || options.file
  if (existsSync(file)) return refuse(`\`${shown}\` is there already; nothing was written`, io)
  const { names } = await loadConfig(resolve(io.cwd, options.config), { env: io.env, secrets: false })
  const hasFlags = options.issuer !== undefined || options.group !== undefined || options.mfa !== undefined
  const isTerminal = io.stdin !== undefined && 'isTTY' in io.stdin && io.stdin.isTTY === true
  if (!hasFlags && !isTerminal) {
    return refuse('say who may use what, such as `--issuer corp --group analysts=gpt-4o-mini`; add --help for more', io)
  }
  const choices = hasFlags ? choicesOf(options, names.issuers) : await askStarter(names.issuers, io)
  if (choices === null) return refuse('the questions were not answered; nothing was written', io)
  if (!choices.ok) return refuse(choices.fault, io)
  const text = starterPolicy({ ...choices.value, hasSchema: existsSync(join(dirname(file), 'policy.schema.json')) })
  const fault = textFault(text, choices.value.issuer)
  if (fault !== null) return refuse(fault, io)
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx' })
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    return refuse(isThere ? `\`${shown}\` is there already; nothing was written` : `\`${shown}\` cannot be written`, io)
  }
  io.stdout.write(options.json ? writtenJson(shown, choices.value) : writtenText(shown, options.config, choices.value))
  return EXIT.done
}

function refuse(message: string, io: CommandIo): number {
  io.stderr.write(`error: ${printable(message)}\n`)
  return EXIT.unusable
}

/** A starter that does not load would be our bug, or a name that no policy can have: then nothing is written. */
function textFault(text: string, issuer: string): string | null {
  const { document, problems } = parseYaml(text, '')
  const all =
    document === null
      ? problems
      : compilePolicy([{ name: '', document, digest: '' }], { issuers: [issuer, 'api_keys'], upstreams: [] }).problems
  const error = all.find(({ severity }) => severity === 'error')
  return error === undefined ? null : `no policy can be written from these answers: ${error.message}`
}

function writtenJson(file: string, { issuer, groups, mfa }: Choices): string {
  return `${JSON.stringify({ file, issuer, groups, mfa }, null, 2)}\n`
}

function writtenText(file: string, config: string, { issuer, groups }: Choices): string {
  const model = groups[0]?.models[0] ?? 'gpt-4o-mini'
  const lines = [
    `wrote ${file}`,
    '',
    `1. name it in ${config}: \`policies\` must list the file or its folder, and \`identity.issuers\` one named \`${issuer}\``,
    '2. sallyport check                 finds every mistake in both',
    '3. sallyport policy test           runs the tests at the end of the file',
    `4. sallyport policy who-can --model ${/^[\w.-]+$/.test(model) ? model : 'gpt-4o-mini'}   says who can reach a model, and how`,
  ]
  return lines.map((line) => `${printable(line)}\n`).join('')
}
