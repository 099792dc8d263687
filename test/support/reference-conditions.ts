/** The conditions of the reference evaluator: the contract's words once more, sharing no code with `src/policy`. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { PolicyInput } from '../../src/model/decision.ts'

export type Value = 'yes' | 'no' | 'cannot tell'

export interface ReferenceText {
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

export const all = (values: readonly Value[]): Value =>
  values.includes('no') ? 'no' : values.includes('cannot tell') ? 'cannot tell' : 'yes'
export const any = (values: readonly Value[]): Value =>
  values.includes('yes') ? 'yes' : values.includes('cannot tell') ? 'cannot tell' : 'no'
export const truth = (holds: boolean): Value => (holds ? 'yes' : 'no')

/** `*` matches any run of characters; everything else matches itself. */
export function glob(pattern: string, text: string): boolean {
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

function textAnswer(test: ReferenceText, value: string): boolean {
  if (test.equals !== undefined) return value === test.equals
  if (test.in) return test.in.some((one) => one === value)
  return glob(test.matches ?? '', value)
}

export function claimAnswer(test: NonNullable<ReferenceWhen['claim']>, claims: unknown): Value {
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

export function condition(name: keyof ReferenceWhen, written: unknown, input: PolicyInput): Value {
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
      return inputAnswer(when.input ?? {}, input.input, input.storedSettings === true)
    case 'tools': {
      const { functions, hosted } = when.tools ?? {}
      const fits = (asked: readonly string[], patterns: readonly string[] | undefined) =>
        patterns === undefined || asked.every((tool) => patterns.some((pattern) => glob(pattern, tool)))
      const maybe = (patterns: readonly string[] | undefined) =>
        input.storedSettings === true && patterns !== undefined && !patterns.includes('*') ? 'cannot tell' : 'yes'
      return all([
        truth(fits(input.tools.functions, functions) && fits(input.tools.hosted, hosted)),
        maybe(functions),
        maybe(hosted),
      ])
    }
    case 'urls': {
      const holds = input.urls.every((host) => when.urls?.some((pattern) => glob(pattern, host)))
      const areMore = holds && input.storedSettings === true && when.urls?.includes('*') === false
      return areMore ? 'cannot tell' : truth(holds)
    }
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

export function milliseconds(duration: string): number {
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

function inputAnswer(
  written: NonNullable<ReferenceWhen['input']>,
  facts: PolicyInput['input'],
  areMore: boolean,
): Value {
  const values: Value[] = []
  for (const kind of ['images', 'files', 'audio'] as const) {
    if (written[kind] === undefined) continue
    values.push(areMore && !facts[kind] ? 'cannot tell' : truth(facts[kind] === written[kind]))
  }
  if (written.max_bytes !== undefined) {
    const size = new Map([
      ['B', 1],
      ['KiB', 2 ** 10],
      ['MiB', 2 ** 20],
      ['GiB', 2 ** 30],
    ])
    const limit = Number.parseInt(written.max_bytes, 10) * (size.get(written.max_bytes.replace(/^\d+/, '')) ?? 0)
    if (facts.bytes === undefined) values.push('cannot tell')
    else values.push(areMore && facts.bytes <= limit ? 'cannot tell' : truth(facts.bytes <= limit))
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
