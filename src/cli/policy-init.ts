import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { printable, printableJson } from '../config/report.ts'
import { parseYaml } from '../config/yaml.ts'
import { compilePolicy } from '../policy/compile.ts'
import { policySchema } from '../policy/schema.ts'
import { editorSchema } from '../schema/editor-schema.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { type Choices, choicesOf, type InitFlags } from './init-answers.ts'
import { askStarter } from './init-questions.ts'
import { starterPolicy } from './starter-policy.ts'

interface InitOptions extends CommonOptions, InitFlags {
  readonly file: string
}

/** What was written, by paths from the working folder; `schema` may have been there before. */
interface Written extends Choices {
  readonly file: string
  readonly schema: string
}

/** `sallyport policy init`: exit 2, and nothing is written, where the file is there or the answers are not sound. */
export async function run(options: InitOptions, io: CommandIo): Promise<number> {
  const file = resolve(io.cwd, options.file)
  const shown = relative(io.cwd, file) || options.file
  if (existsSync(file)) return refuse(`\`${shown}\` is there already; nothing was written`, io)
  const { names, settings } = await loadConfig(resolve(io.cwd, options.config), { env: io.env, secrets: false })
  const vouchers = { issuers: names.issuers, acceptsKeys: settings?.apiKeys.enabled ?? true }
  const hasFlags = options.issuer !== undefined || options.group !== undefined || options.mfa !== undefined
  const isTerminal = io.stdin !== undefined && 'isTTY' in io.stdin && io.stdin.isTTY === true
  if (!hasFlags && !isTerminal) {
    return refuse('say who may use what, such as `--issuer corp --group analysts=gpt-4o-mini`; add --help for more', io)
  }
  const choices = hasFlags ? choicesOf(options, vouchers) : await askStarter(vouchers, io)
  if (choices === null) return refuse('the questions were not answered; nothing was written', io)
  if (!choices.ok) return refuse(choices.fault, io)
  const schema = schemaOf(dirname(file), io.cwd)
  const text = starterPolicy({ ...choices.value, schema: pathFrom(dirname(file), schema) })
  const fault = textFault(text, choices.value.issuer) ?? (await writeFault(file, text, shown))
  if (fault !== null) return refuse(fault, io)
  const written = { file: shown, schema: relative(io.cwd, schema), ...choices.value }
  const isNew = !existsSync(schema)
  if (isNew) {
    const wrong = await writeFault(schema, editorSchema('Sallyport policy', policySchema), written.schema)
    if (wrong !== null) return refuse(`\`${shown}\` was written, its schema was not: ${wrong}`, io)
  }
  io.stdout.write(options.json ? `${printableJson(written, 2)}\n` : writtenText(options.config, written, isNew))
  return EXIT.done
}

function refuse(message: string, io: CommandIo): number {
  io.stderr.write(`error: ${printable(message)}\n`)
  return EXIT.unusable
}

const SCHEMA = 'policy.schema.json'

/**
 * The schema for editors: the nearest one on the way from the file up to the working folder, else one to be written
 * beside the file.
 */
function schemaOf(folder: string, cwd: string): string {
  const isWithin = !relative(cwd, folder).startsWith('..')
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, SCHEMA))) return join(at, SCHEMA)
    if (!isWithin || at === cwd || at === dirname(at)) return join(folder, SCHEMA)
  }
}

/** As an editor's comment has it: with slashes, and never a bare name. */
function pathFrom(folder: string, file: string): string {
  const path = relative(folder, file).replaceAll('\\', '/')
  return path.startsWith('../') ? path : `./${path}`
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

/** Writes a file that is not there; null when that was done. */
async function writeFault(file: string, text: string, shown: string): Promise<string | null> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx' })
    return null
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    return isThere ? `\`${shown}\` is there already; nothing was written` : `\`${shown}\` cannot be written`
  }
}

function writtenText(config: string, { file, schema, issuer, groups }: Written, isNew: boolean): string {
  const model = groups[0]?.models[0] ?? 'gpt-4o-mini'
  const lines = [
    `wrote ${file}${isNew ? ` and ${schema}` : ''}; editors complete and check it by ${isNew ? 'the latter' : schema}`,
    '',
    `1. name it in ${config}: \`policies\` must list the file or its folder, and \`identity.issuers\` one named \`${issuer}\``,
    '2. sallyport check                 finds every mistake in both',
    '3. sallyport policy test           runs the tests at the end of the file',
    `4. sallyport policy who-can --model ${/^[\w.-]+$/.test(model) ? model : 'gpt-4o-mini'}   says who can reach a model, and how`,
  ]
  return lines.map((line) => `${printable(line)}\n`).join('')
}
