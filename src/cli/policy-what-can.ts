import { type UseGroup, whatCan } from '../analysis/access.ts'
import { type Caller, describedCaller } from '../analysis/access-caller.ts'
import { roleSubject } from '../analysis/access-cell.ts'
import { useLines } from '../analysis/access-text.ts'
import type { AnalysedPolicy } from '../analysis/access-universe.ts'
import { shownName } from '../analysis/words.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { compareCodePoints } from '../policy/code-points.ts'
import { describedRequest } from '../policy/described.ts'
import { nearest } from '../schema/nearest.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { type DescribeFlags, describedByFlags } from './described-request.ts'
import { flagFault } from './flag-fault.ts'
import { type AccessQuestion, loadAccess, printJson, printLines, refuse } from './policy-access.ts'

interface WhatCanOptions extends CommonOptions, DescribeFlags {
  readonly role?: string
}

/** `sallyport policy what-can`: exit 1 where nothing is allowed. */
export async function run(options: WhatCanOptions, io: CommandIo): Promise<number> {
  const fault = optionsFault(options)
  if (fault !== null) return refuse(fault, io)
  const question = await loadAccess(options, io)
  if (question === null) return EXIT.unusable
  const { role } = options
  if (role === undefined) return answerCaller(question, options, io)
  const { outline } = question.analysed
  const holds = outline.roles.get(role)?.holds
  if (!holds) {
    const close = nearest(role, [...outline.roles.keys()])
    return refuse(
      `the policies have no role named \`${role.slice(0, 64)}\`${close === null ? '' : `; did you mean \`${close}\`?`}`,
      io,
    )
  }
  const also = holds.filter((name) => name !== role).sort(compareCodePoints)
  const head =
    also.length === 0 ? shownName(role) : `${shownName(role)}, who holds ${also.map(shownName).join(', ')}, too`
  const access = whatCan(question.analysed, roleSubject(question.analysed, role))
  return answer(question.analysed, [head], { role, holds: [role, ...also] }, access, options, io)
}

const CALLER_FLAGS = ['group', 'claim', 'issuer', 'workspace', 'key', 'method', 'acr', 'mfa', 'authTime'] as const

function optionsFault(options: WhatCanOptions): string | null {
  const { role, as } = options
  if (role === undefined && as === undefined)
    return 'say who: `--role ROLE`, or `--as USER` with what is known of the user'
  if (role === undefined) return null
  if (as !== undefined || CALLER_FLAGS.some((flag) => options[flag] !== undefined)) {
    return '`--role` asks about a role as such; leave it out to ask about one caller'
  }
  return null
}

function answerCaller(question: AccessQuestion, options: WhatCanOptions, io: CommandIo): number {
  const caller = callerOf(question, options)
  if (!caller.ok) return refuse(caller.fault, io)
  const { roles, workspaces, subject } = caller.value
  const list = (what: string, { certain, possible }: Caller['roles']) =>
    `${what}: ${certain.map(shownName).join(', ') || 'none for certain'}${possible.length > 0 ? `; possibly ${possible.map(shownName).join(', ')}` : ''}`
  const head = [shownName(options.as ?? ''), list('roles', roles), list('workspaces', workspaces)]
  const access = whatCan(question.analysed, subject)
  return answer(question.analysed, head, { user: options.as, roles, workspaces }, access, options, io)
}

/** What no flag tells is not known, where a request that is described would lack it. */
function callerOf({ policy, analysed, issuers }: AccessQuestion, options: WhatCanOptions): Result<Caller, string> {
  const fault = flagFault(options, { issuers, workspaces: policy.workspaces, upstreams: [], routes: [] })
  if (fault !== null) return failed(fault)
  const flags = describedByFlags({ ...options, operation: 'chat' })
  const read = flags.ok ? describedRequest(flags.value, analysed.at) : flags
  if (!read.ok) return read
  const { principal } = read.value.input
  const known = options.workspace === undefined ? { ...principal, workspaces: undefined } : principal
  return ok(describedCaller(analysed, known))
}

function answer(
  { outline }: AnalysedPolicy,
  head: readonly string[],
  who: object,
  access: readonly UseGroup[],
  { json }: WhatCanOptions,
  io: CommandIo,
): number {
  const members = (name: string) => (name.startsWith('@') ? (outline.sets.get(name.slice(1)) ?? []) : [])
  if (json) printJson({ ...who, access }, io)
  else printLines([...head, ...useLines(access, members)], io)
  return access.some(({ uses }) => uses.some(({ ways }) => ways.length > 0)) ? EXIT.done : EXIT.no
}
