import { resolve } from 'node:path'
import { diffPolicies } from '../analysis/diff.ts'
import type { Aside } from '../analysis/diff-aside.ts'
import { asidesOf } from '../analysis/diff-beside.ts'
import { type AccessChange, type AccessReport, reportOf } from '../analysis/diff-report.ts'
import { changeText, changeTexts } from '../analysis/diff-text.ts'
import { subjectText } from '../analysis/diff-words.ts'
import { loadConfig } from '../config/load.ts'
import type { ConfigNames } from '../config/names.ts'
import { loadPolicySources, type PolicySource, placeProblems } from '../config/policy-sources.ts'
import { printable, printableJson } from '../config/report.ts'
import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { compilePolicies, type NamedPolicy } from '../serving/compile-policies.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'

export interface DiffOptions extends CommonOptions {
  readonly before: string
  readonly after: string
  readonly failOnWidening?: boolean
}

/** `sallyport policy diff OLD NEW`: the access that is gained and lost, and what changes beside it. */
export async function run(options: DiffOptions, io: CommandIo): Promise<number> {
  const { names, problems } = await loadConfig(resolve(io.cwd, options.config), { env: io.env, secrets: false })
  const isRead = !problems.some(({ code }) => code === 'config_unreadable')
  const [before, after] = [
    await compiled(resolve(io.cwd, options.before), names),
    await compiled(resolve(io.cwd, options.after), names),
  ]
  if (!before.policy || !after.policy) {
    io.stderr.write(problemText([...before.problems, ...after.problems], io.cwd))
    return EXIT.unusable
  }
  if (!isRead) {
    io.stderr.write('note: there is no config to read, so that the names of issuers and upstreams are not checked\n')
  }
  const diff = diffPolicies(before.policy, after.policy)
  const report = reportOf(diff, before.policy.outline(), after.policy.outline())
  const asides = asidesOf(before.policy, after.policy, report)
  const text = options.json
    ? `${printableJson([...reportJson(report), ...asides.map(asideJson)], 2)}\n`
    : `${reportText(report)}${asidesText(asides)}`
  io.stdout.write(text)
  return options.failOnWidening && report.widens ? EXIT.no : EXIT.done
}

interface CompiledSide {
  readonly policy: NamedPolicy | null
  readonly problems: readonly PlacedProblem[]
}

async function compiled(path: string, names: ConfigNames): Promise<CompiledSide> {
  const { sources, isWhole, problems } = await loadPolicySources([path])
  const issuers = names.unread.has('issuers') ? [...names.issuers, ...issuersIn(sources)] : names.issuers
  const upstreams = names.unread.has('upstreams')
    ? [...names.upstreams, ...pinnedIn(sources).map((name) => ({ name, region: undefined, labels: {} }))]
    : names.upstreams
  const unread = new Set([...names.unread, ...(isWhole ? [] : (['policies'] as const))])
  const { policy, problems: found } = compilePolicies(sources, { ...names, issuers, upstreams, unread })
  const all = [...problems, ...placeProblems(sources, found)]
  return { policy: all.some(({ severity }) => severity === 'error') ? null : policy, problems: all }
}

/** Without a config, every issuer that the policies name is taken for one. */
function issuersIn(sources: readonly PolicySource[]): string[] {
  return sources.flatMap(({ document }) =>
    ['roles', 'workspaces']
      .flatMap((key) => valuesOf(member(document, key)))
      .flatMap((owner) => itemsOf(member(owner, 'members')))
      .flatMap((entry) => textOf(member(entry, 'issuer'))),
  )
}

/** Without a config, every upstream that a test pins is taken for one. */
function pinnedIn(sources: readonly PolicySource[]): string[] {
  return sources.flatMap(({ document }) =>
    itemsOf(member(document, 'tests')).flatMap((test) => textOf(member(test, 'upstream'))),
  )
}

const member = (value: JsonValue | undefined, key: string) => (isJsonObject(value) ? ownValue(value, key) : undefined)
const valuesOf = (value: JsonValue | undefined) => (isJsonObject(value) ? Object.values(value) : [])
const itemsOf = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : [])
const textOf = (value: JsonValue | undefined) => (typeof value === 'string' ? [value] : [])

function reportText({ changes, undecided, widens }: AccessReport): string {
  const lines = changeTexts(changes).flatMap(({ text, of }) => [text, ...of.flatMap(exampleLines)])
  const open = undecided.map(({ where, why }) => `too large to decide exactly: ${where} (${why})`)
  if (lines.length + open.length === 0) return 'no change in access: the two policies decide every request alike\n'
  const verdict = widens ? 'access widens' : 'access does not widen'
  return [...lines, ...open, verdict].map((line) => `${printable(line)}\n`).join('')
}

function asidesText(asides: readonly Aside[]): string {
  if (asides.length === 0) return ''
  return ['beside access:', ...asides.map(({ sentence }) => `  ${printable(sentence)}`), ''].join('\n')
}

/** Who has no name of its own is shown by an example. */
function exampleLines({ subjects, witnesses }: AccessChange): string[] {
  if (!subjects.some(({ kind }) => kind === 'caller')) return []
  return witnesses.map(
    ({ line, before, after }) => `    such as ${printableJson(line)}: ${before} before, ${after} now`,
  )
}

function reportJson({ changes, undecided }: AccessReport): object[] {
  const rows = changes.map((change) => {
    const { subjects, operations, models, before, after, rules, witnesses } = change
    return {
      change: change.change,
      sentence: changeText(change),
      who: subjects.map(subjectText),
      roles: subjects.flatMap((subject) => (subject.kind === 'role' ? [subject.role] : [])),
      operations,
      models,
      before: before.allowed.length === 0 ? null : before,
      after: after.allowed.length === 0 ? null : after,
      rules,
      witnesses: witnesses.map(({ line, upstream, ...decided }) => ({
        request: line,
        ...(upstream ? { upstream } : {}),
        ...decided,
      })),
    }
  })
  return [...rows, ...undecided.map((open) => ({ change: 'undecided', ...open }))]
}

function asideJson({ what, change, names, isWeaker, sentence }: Aside): object {
  return { change: 'beside_access', what, how: change, names, weaker: isWeaker, sentence }
}
