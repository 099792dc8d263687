import { type ReachAnswer, whoCan } from '../analysis/access.ts'
import { type AccessMatrix, accessMatrix, matrixTargets } from '../analysis/access-matrix.ts'
import { matrixText, SEPARATORS, TABLE_FORMATS, type TableFormat } from '../analysis/access-table.ts'
import { reachLines } from '../analysis/access-text.ts'
import {
  type AnalysedOperation,
  type AnalysedPolicy,
  type NamedTarget,
  namesModel,
  operationsOf,
  overlaps,
  serving,
  targetOf,
} from '../analysis/access-universe.ts'
import { namesAndPatterns } from '../analysis/parts.ts'
import { printable } from '../config/report.ts'
import { isOperationName, SPELLED_OPERATIONS } from '../model/operations.ts'
import { compilePattern } from '../model/pattern.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { unopenedRoute } from '../policy/known-names.ts'
import { nearest } from '../schema/nearest.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { type AccessQuestion, loadAccess, printJson, printLines, refuse } from './policy-access.ts'

interface WhoCanOptions extends CommonOptions {
  readonly model?: string
  readonly operation?: string
  readonly matrix?: boolean
  readonly format?: string
  readonly separator?: string
}

/** They ask what a model is, or take it away, and do not use it: a review that does not name them leaves them out. */
const ABOUT_MODELS = ['models.get', 'models.delete']

/** `sallyport policy who-can`: exit 1 where nobody can, and 2 for a model that no rule and no upstream knows. */
export async function run(options: WhoCanOptions, io: CommandIo): Promise<number> {
  const fault = optionsFault(options)
  if (fault !== null) return refuse(fault, io)
  const question = await loadAccess(options, io)
  if (question === null) return EXIT.unusable
  const { analysed } = question
  const operations = askedOperations(question, options.operation)
  const target = options.model === undefined ? ok(null) : askedModel(analysed, options.model)
  if (!operations.ok) return refuse(operations.fault, io)
  if (!target.ok) return refuse(target.fault, io)
  if (!operations.value.some(namesModel) && (target.value !== null || options.matrix === true)) {
    return refuse('requests of this operation name no model; leave `--model` and `--matrix` out', io)
  }
  if (options.matrix === true) {
    const targets = target.value === null ? matrixTargets(analysed) : [target.value]
    const reviewed = operations.value.filter(
      ({ label }) => options.operation !== undefined || !ABOUT_MODELS.includes(label),
    )
    return answerMatrix(accessMatrix(analysed, targets, reviewed), options, io)
  }
  const reached = target.value === null ? operations.value : operations.value.filter(namesModel)
  return answerReach(whoCan(analysed, target.value, reached), options, io)
}

function optionsFault({ model, operation, matrix, format, separator, json }: WhoCanOptions): string | null {
  if (!matrix && model === undefined && operation === undefined) {
    return 'say what should be reached: `--model`, `--operation` or both; or `--matrix` for all of it'
  }
  if (!(TABLE_FORMATS as readonly (string | undefined)[]).includes(format ?? 'text')) {
    return `\`--format\` must be one of ${TABLE_FORMATS.join(', ')}`
  }
  if (separator !== undefined && !(matrix && format === 'csv')) {
    return '`--separator` is of the matrix as CSV; add `--matrix --format csv`'
  }
  if (!(SEPARATORS as readonly (string | undefined)[]).includes(separator ?? ',')) {
    return '`--separator` must be `,` or `;`'
  }
  if (!matrix && format !== undefined && format !== 'text') return '`--format` is of the matrix; add `--matrix`'
  if (json && format !== undefined && format !== 'text') return '`--json` and `--format` are two forms; leave one out'
  return null
}

function askedOperations(
  { analysed: { outline }, routes }: AccessQuestion,
  asked: string | undefined,
): Result<AnalysedOperation[], string> {
  const unopened = asked === undefined ? null : unopenedRoute(asked, routes)
  if (unopened !== null) return failed(unopened)
  if (asked === undefined) return ok(operationsOf(outline))
  if (!isOperationName(asked)) {
    const close = nearest(asked, SPELLED_OPERATIONS)
    const meant = close === null ? 'give one such as `chat`' : `did you mean \`${close}\`?`
    return failed(`no operation is named \`${asked.slice(0, 64)}\`; ${meant}`)
  }
  const known = operationsOf(outline, asked).filter(({ label }) => label === asked || compilePattern(asked)(label))
  return ok(known.length > 0 ? known : [{ label: asked, asked }])
}

function askedModel(analysed: AnalysedPolicy, asked: string): Result<NamedTarget, string> {
  const { outline, upstreams } = analysed
  const target = targetOf(outline, asked)
  const known = [
    ...outline.aliases.keys(),
    ...[...outline.sets.keys()].map((name) => `@${name}`),
    ...outline.rules.flatMap(({ models }) => models ?? []),
    ...upstreams.flatMap(({ models }) => models.exact),
  ]
  const close = nearest(asked, known)
  const meant = close === null ? '' : `; did you mean \`${close}\`?`
  if (target === null) return failed(`no set of models is named \`${asked.slice(0, 64)}\`${meant}`)
  const isNamed = outline.rules.some(({ models }) => models !== null && overlaps(target, namesAndPatterns(models)))
  const isAlias = outline.aliases.has(asked)
  if (isNamed || isAlias || target.kind === 'texts' || serving(analysed, target, operationsOf(outline)).length > 0)
    return ok(target)
  return failed(`no rule names the model \`${asked.slice(0, 64)}\` and no upstream serves it${meant}`)
}

function answerMatrix(matrix: AccessMatrix, { format, separator = ',', json }: WhoCanOptions, io: CommandIo): number {
  const form = { format: (format ?? 'text') as TableFormat, separator }
  if (json) printJson(matrix, io)
  else io.stdout.write(matrixText(matrix, form, printable))
  const isOpen = matrix.rows.some(({ cells }) => cells.some(({ access }) => access !== 'no'))
  return isOpen ? EXIT.done : EXIT.no
}

function answerReach(answer: ReachAnswer, { json }: WhoCanOptions, io: CommandIo): number {
  if (json) printJson(answer, io)
  else printLines(reachLines(answer), io)
  return answer.groups.some(({ access }) => access.some(({ ways }) => ways.length > 0)) ? EXIT.done : EXIT.no
}
