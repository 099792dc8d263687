/**
 * The meaning of a policy, a second time: written from the words of the contract, slow and plain, sharing no code with
 * `src/policy`. It asks every rule of every file for every request, and knows no index, no order and no cache.
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { PolicyInput } from '../../src/model/decision.ts'

type Value = 'yes' | 'no' | 'cannot tell'

export interface ReferenceMember {
  readonly issuer?: string
  readonly group?: string
  readonly user?: string
  readonly key?: string
  readonly claim?: ReferenceText & { readonly path: string | readonly string[] }
}

interface ReferenceText {
  readonly equals?: string
  readonly in?: readonly string[]
  readonly matches?: string
}

export interface ReferenceWhen {
  readonly mfa?: true | { readonly max_age: string }
  readonly acr?: readonly string[]
  readonly method?: readonly string[]
  readonly network?: readonly string[]
  readonly time?: {
    readonly days?: readonly string[]
    readonly from?: string
    readonly to?: string
    readonly zone: string
  }
  readonly claim?: ReferenceText & { readonly path: string | readonly string[] }
  readonly header?: ReferenceText & { readonly name: string }
  readonly region?: readonly string[]
  readonly upstream?: { readonly labels: { readonly [name: string]: string } }
  readonly max_output_tokens?: { readonly at_most: number }
  readonly input?: {
    readonly max_bytes?: string
    readonly images?: boolean
    readonly files?: boolean
    readonly audio?: boolean
  }
  readonly tools?: { readonly functions?: readonly string[]; readonly hosted?: readonly string[] }
  readonly urls?: readonly string[]
  readonly stream?: boolean
}

export interface ReferenceRule {
  readonly id: string
  readonly effect: 'allow' | 'deny'
  readonly roles?: readonly string[]
  readonly workspaces?: readonly string[]
  readonly models?: readonly string[]
  readonly operations?: readonly string[]
  readonly when?: ReferenceWhen
}

export interface ReferenceDocument {
  readonly roles?: {
    readonly [name: string]: { readonly members?: readonly ReferenceMember[]; readonly includes?: readonly string[] }
  }
  readonly models?: { readonly [name: string]: readonly string[] }
  readonly workspaces?: { readonly [name: string]: { readonly members?: readonly ReferenceMember[] } }
  readonly rules?: readonly ReferenceRule[]
}

export interface ReferenceAnswer {
  readonly effect: 'allow' | 'deny' | 'step_up'
  readonly rule: string | null
  readonly challenge: { readonly acr: readonly string[]; readonly maxAge: number | null } | null
}

/** The answer for a request under several files together. */
export function reference(documents: readonly ReferenceDocument[], input: PolicyInput): ReferenceAnswer {
  const rules = documents.flatMap((document) => document.rules ?? [])
  const workspace = requestWorkspace(documents, input)
  if (workspace.refused) return { effect: 'deny', rule: null, challenge: null }
  const plain = outcome(documents, rules, input)
  if (plain.effect === 'allow') return { ...plain, challenge: null }
  const { method, key } = input.principal
  const again = method === 'api_key' || method === 'mtls' ? false : !(method === undefined && key !== null)
  for (const rule of again ? sorted(rules.filter(({ effect }) => effect === 'allow')) : []) {
    const { mfa, acr } = rule.when ?? {}
    if (mfa === undefined && acr === undefined) continue
    const asked: (string | undefined)[] = acr ? [...acr] : [input.principal.acr]
    const opens = asked.filter((value) => {
      const principal = { ...input.principal, mfa: 'yes', authTime: input.at / 1000, acr: value } as const
      const stronger = { ...input, principal }
      return outcome(documents, rules, stronger).effect === 'allow' && answer(documents, rule, stronger) === 'yes'
    })
    if (opens.length === 0) continue
    const maxAge = typeof mfa === 'object' ? Math.floor(milliseconds(mfa.max_age) / 1000) : null
    return { effect: 'step_up', rule: rule.id, challenge: { acr: acr ? (opens as string[]) : [], maxAge } }
  }
  return { ...plain, challenge: null }
}

/** Default deny; a deny that applies wins over every allow. */
function outcome(documents: readonly ReferenceDocument[], rules: readonly ReferenceRule[], input: PolicyInput) {
  const denies = rules.filter((rule) => rule.effect === 'deny' && answer(documents, rule, input) !== 'no')
  if (denies.length > 0) return { effect: 'deny', rule: sorted(denies)[0]?.id ?? null } as const
  const allows = rules.filter((rule) => rule.effect === 'allow' && answer(documents, rule, input) === 'yes')
  if (allows.length > 0) return { effect: 'allow', rule: sorted(allows)[0]?.id ?? null } as const
  return { effect: 'deny', rule: null } as const
}

function sorted(rules: readonly ReferenceRule[]): ReferenceRule[] {
  const points = (text: string) =>
    [...text].map((point) => (point.codePointAt(0) ?? 0).toString(16).padStart(6, '0')).join('')
  return [...rules].sort((a, b) => (points(a.id) < points(b.id) ? -1 : 1))
}

const all = (values: readonly Value[]): Value =>
  values.includes('no') ? 'no' : values.includes('cannot tell') ? 'cannot tell' : 'yes'
const any = (values: readonly Value[]): Value =>
  values.includes('yes') ? 'yes' : values.includes('cannot tell') ? 'cannot tell' : 'no'
const truth = (holds: boolean): Value => (holds ? 'yes' : 'no')

/** Every selector and every condition of the rule. */
function answer(documents: readonly ReferenceDocument[], rule: ReferenceRule, input: PolicyInput): Value {
  const values: Value[] = []
  if (rule.roles) values.push(any(rule.roles.map((role) => holdsRole(documents, role, input, []))))
  if (rule.workspaces) values.push(any(rule.workspaces.map((name) => isWorkspace(documents, name, input))))
  if (rule.operations) values.push(truth(rule.operations.some((pattern) => glob(pattern, input.operation))))
  if (rule.models) values.push(modelAnswer(documents, rule, input))
  const when = rule.when ?? {}
  for (const [name, written] of Object.entries(when))
    values.push(condition(name as keyof ReferenceWhen, written, input))
  if (rule.effect === 'allow' && when.urls === undefined) values.push(truth(input.urls.length === 0))
  return all(values)
}

function modelAnswer(documents: readonly ReferenceDocument[], rule: ReferenceRule, { model }: PolicyInput): Value {
  if (model === undefined) return 'cannot tell'
  if (model === null) return truth(rule.operations !== undefined)
  return truth((rule.models ?? []).some((entry) => namesModel(documents, entry, model)))
}

function namesModel(documents: readonly ReferenceDocument[], entry: string, model: string): boolean {
  if (!entry.startsWith('@')) return glob(entry, model)
  for (const { models = {} } of documents) {
    for (const [name, list] of Object.entries(models)) {
      if (`@${name}` === entry && list.some((inner) => namesModel(documents, inner, model))) return true
    }
  }
  return false
}

/** `*` matches any run of characters; everything else matches itself. */
function glob(pattern: string, text: string): boolean {
  const wanted = [...pattern]
  let reached = new Set([0])
  const skip = (from: Set<number>) => {
    const out = new Set(from)
    for (const place of out) if (wanted[place] === '*') out.add(place + 1)
    return out
  }
  reached = skip(reached)
  for (const character of text) {
    const next = new Set<number>()
    for (const place of reached) {
      if (wanted[place] === '*') next.add(place)
      else if (wanted[place] === character) next.add(place + 1)
    }
    reached = skip(next)
  }
  return reached.has(wanted.length)
}

function roleNamed(documents: readonly ReferenceDocument[], name: string) {
  for (const { roles = {} } of documents) if (Object.hasOwn(roles, name)) return roles[name]
  return undefined
}

/** By its members, because the credential carries it, or because a role that is held includes it. */
function holdsRole(
  documents: readonly ReferenceDocument[],
  name: string,
  input: PolicyInput,
  above: readonly string[],
): Value {
  const role = roleNamed(documents, name)
  if (!role || above.includes(name)) return 'no'
  const values = [
    truth(input.principal.roles.includes(name)),
    ...(role.members ?? []).map((entry) => isMember(entry, input)),
  ]
  for (const { roles = {} } of documents) {
    for (const [other, { includes = [] }] of Object.entries(roles)) {
      if (includes.includes(name)) values.push(holdsRole(documents, other, input, [...above, name]))
    }
  }
  return any(values)
}

function isMember(entry: ReferenceMember, { principal }: PolicyInput): Value {
  const values: Value[] = []
  const same = (fact: string | undefined, wanted: string) =>
    fact === undefined ? 'cannot tell' : truth(fact === wanted)
  if (entry.issuer !== undefined) values.push(same(principal.issuer, entry.issuer))
  if (entry.user !== undefined) values.push(same(principal.id, entry.user))
  if (entry.key !== undefined) values.push(truth(principal.key === entry.key))
  if (entry.group !== undefined) {
    values.push(
      principal.groups === undefined ? 'cannot tell' : truth(principal.groups.some((group) => group === entry.group)),
    )
  }
  if (entry.claim) values.push(claimAnswer(entry.claim, principal.claims))
  return all(values)
}

function memberships(documents: readonly ReferenceDocument[], input: PolicyInput): Map<string, Value> {
  const found = new Map<string, Value>()
  for (const { workspaces = {} } of documents) {
    for (const [name, { members = [] }] of Object.entries(workspaces)) {
      found.set(
        name,
        any([truth(input.principal.workspace === name), ...members.map((entry) => isMember(entry, input))]),
      )
    }
  }
  return found
}

/** The one of which the principal is a member; of several, the one that the request names, else the request is refused. */
function requestWorkspace(documents: readonly ReferenceDocument[], input: PolicyInput) {
  const certain = [...memberships(documents, input)].filter(([, value]) => value === 'yes').map(([name]) => name)
  if (certain.length <= 1) return { refused: false, name: certain[0] }
  return certain.includes(input.project ?? '')
    ? { refused: false, name: input.project }
    : { refused: true, name: undefined }
}

function isWorkspace(documents: readonly ReferenceDocument[], name: string, input: PolicyInput): Value {
  if (requestWorkspace(documents, input).name === name) return 'yes'
  return memberships(documents, input).get(name) === 'cannot tell' ? 'cannot tell' : 'no'
}

function textAnswer(test: ReferenceText, value: string): boolean {
  if (test.equals !== undefined) return value === test.equals
  if (test.in) return test.in.some((one) => one === value)
  return glob(test.matches ?? '', value)
}

function claimAnswer(test: NonNullable<ReferenceWhen['claim']>, claims: unknown): Value {
  let value = claims
  for (const step of typeof test.path === 'string' ? test.path.split('.') : test.path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step))
      return 'cannot tell'
    value = Object.getOwnPropertyDescriptor(value, step)?.value
  }
  if (typeof value === 'string') return truth(textAnswer(test, value))
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) return 'cannot tell'
  return truth(value.some((item: string) => textAnswer(test, item)))
}

function condition(name: keyof ReferenceWhen, written: unknown, input: PolicyInput): Value {
  const when = { [name]: written } as ReferenceWhen
  const { principal, upstream } = input
  const told = <Fact>(fact: Fact | undefined, holds: (fact: Fact) => boolean): Value =>
    fact === undefined ? 'cannot tell' : truth(holds(fact))
  switch (name) {
    case 'mfa':
      return mfaAnswer(when.mfa, input)
    case 'acr':
      return told(principal.acr, (acr) => when.acr?.includes(acr) === true)
    case 'method':
      return told(principal.method, (method) => when.method?.includes(method) === true)
    case 'network':
      return networkAnswer(when.network ?? [], input.ip)
    case 'time':
      return truth(isInWindow(when.time ?? { zone: 'UTC' }, input.at))
    case 'claim':
      return when.claim ? claimAnswer(when.claim, principal.claims) : 'no'
    case 'header':
      return told(input.header((when.header?.name ?? '').toLowerCase()), (value) =>
        textAnswer(when.header ?? {}, value),
      )
    case 'region':
      return told(upstream?.region, (region) => when.region?.includes(region) === true)
    case 'upstream': {
      const labels = new Map(Object.entries(upstream?.labels ?? {}))
      return all(
        Object.entries(when.upstream?.labels ?? {}).map(([key, value]) =>
          told(labels.get(key), (has) => has === value),
        ),
      )
    }
    case 'max_output_tokens':
      return told(input.maxOutputTokens, (tokens) => tokens <= (when.max_output_tokens?.at_most ?? 0))
    case 'input':
      return inputAnswer(when.input ?? {}, input.input)
    case 'tools': {
      const { functions, hosted } = when.tools ?? {}
      const fits = (asked: readonly string[], patterns: readonly string[] | undefined) =>
        patterns === undefined || asked.every((tool) => patterns.some((pattern) => glob(pattern, tool)))
      return truth(fits(input.tools.functions, functions) && fits(input.tools.hosted, hosted))
    }
    case 'urls':
      return truth(input.urls.every((host) => when.urls?.some((pattern) => glob(pattern, host))))
    case 'stream':
      return truth(input.stream === when.stream)
  }
}

function mfaAnswer(mfa: ReferenceWhen['mfa'], { principal, at }: PolicyInput): Value {
  const shown: Value = principal.mfa === 'unknown' ? 'cannot tell' : principal.mfa
  if (typeof mfa !== 'object') return shown
  const { authTime } = principal
  const isTold = authTime !== undefined && authTime * 1000 <= at
  return all([shown, isTold ? truth(at - authTime * 1000 <= milliseconds(mfa.max_age)) : 'cannot tell'])
}

function milliseconds(duration: string): number {
  const unit = duration.replace(/^\d+/, '')
  const size = new Map([
    ['ms', 1],
    ['s', 1e3],
    ['m', 6e4],
    ['h', 36e5],
    ['d', 864e5],
  ]).get(unit)
  return Number.parseInt(duration, 10) * (size ?? Number.NaN)
}

function inputAnswer(written: NonNullable<ReferenceWhen['input']>, facts: PolicyInput['input']): Value {
  const values: Value[] = []
  for (const kind of ['images', 'files', 'audio'] as const) {
    if (written[kind] !== undefined) values.push(truth(facts[kind] === written[kind]))
  }
  if (written.max_bytes !== undefined) {
    const size = new Map([
      ['B', 1],
      ['KiB', 2 ** 10],
      ['MiB', 2 ** 20],
      ['GiB', 2 ** 30],
    ])
    const limit = Number.parseInt(written.max_bytes, 10) * (size.get(written.max_bytes.replace(/^\d+/, '')) ?? 0)
    values.push(facts.bytes === undefined ? 'cannot tell' : truth(facts.bytes <= limit))
  }
  return all(values)
}

function networkAnswer(ranges: readonly string[], ip: string | undefined): Value {
  const plain = ip?.replace(/%.+$/, '') ?? ''
  if (isIP(plain) === 0) return 'cannot tell'
  const address = ipaddr.process(plain)
  return truth(
    ranges.some((range) => {
      const [base = '', bits] = range.split('/')
      const network = ipaddr.parse(base)
      const length = bits === undefined ? (network.kind() === 'ipv4' ? 32 : 128) : Number(bits)
      const isMapped = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress()
      const plainNetwork = isMapped ? network.toIPv4Address() : network
      if (plainNetwork.kind() !== address.kind()) return false
      return address.match(plainNetwork, isMapped ? length - 96 : length)
    }),
  )
}

/** By the clock on the wall: the days and minutes that a person in the zone would read. */
function isInWindow(written: NonNullable<ReferenceWhen['time']>, at: number): boolean {
  const wall = wallFormat(written.zone).format(at)
  const [, date = '', clock = ''] = /^(\S+) (\d\d:\d\d)/.exec(wall) ?? []
  const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
  const today = new Date(`${date}T00:00:00Z`)
  const day = (back: number) => names[new Date(today.getTime() - back * 864e5).getUTCDay()] ?? ''
  const isDay = (name: string) => written.days === undefined || written.days.includes(name)
  const { from, to } = written
  if (from === undefined || to === undefined) return isDay(day(0))
  if (from < to) return isDay(day(0)) && clock >= from && clock < to
  return (isDay(day(0)) && clock >= from) || (isDay(day(1)) && clock < to)
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** The one thing that is remembered: to make a format takes longer than all the rest. */
function wallFormat(timeZone: string): Intl.DateTimeFormat {
  const format =
    formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  formats.set(timeZone, format)
  return format
}
