import { contains, readAddress, readNetwork } from '../model/address.ts'
import type { Match } from '../model/match.ts'
import { durationMs, sizeBytes } from '../model/units.ts'
import type { ClaimTest } from '../policy/claim-path.ts'
import type { OutlineRule } from '../policy/outline.ts'
import type { WhenDocument } from '../policy/schema.ts'
import { yesOrNo } from '../policy/three-valued.ts'
import { ALWAYS, type Choice, type Three } from './space.ts'
import type { FactSpace } from './space-facts.ts'
import { namesSelector, selectorTest, testSelector } from './space-text.ts'
import { instantTest } from './space-time.ts'

type Encode<Name extends keyof WhenDocument> = (written: NonNullable<WhenDocument[Name]>, facts: FactSpace) => Three

/** What each condition asks, as formulas over the facts. A condition without a row does not compile. */
const ENCODERS: { readonly [Name in keyof Required<WhenDocument>]: Encode<Name> } = {
  mfa: (written, { mfa, age, space }) => {
    const factors = mfa.match((value) => value)
    if (written === true) return factors
    const most = durationMs(written.max_age)
    return space.both([factors, told(age, (value) => value <= most)])
  },
  acr: (written, { acr }) => told(acr, (value) => written.includes(value)),
  method: (written, { method }) => told(method, (value) => written.includes(value)),
  network: (written, { ip }) => {
    const ranges = written.map(readNetwork).filter((range) => range !== null)
    return told(ip, (value) => {
      const address = readAddress(value)
      return address !== null && ranges.some((range) => contains(range, address))
    })
  },
  time: (written, { at, space }) => {
    const isInside = instantTest(written)
    return space.certain(at.is(isInside))
  },
  claim: (written, { claims }) => claims.match(written as ClaimTest),
  header: (written, { headers }) => {
    const header = headers.get(written.name.toLowerCase())
    return header ? told(header, selectorTest(testSelector(written))) : ALWAYS
  },
  region: (written, { region }) => told(region, (value) => written.includes(value)),
  upstream: ({ labels: wanted }, { labels, space }) =>
    space.both(
      Object.entries(wanted).map(([label, wantedValue]) => {
        const choice = labels.get(label)
        return choice ? told(choice, (value) => value === wantedValue) : ALWAYS
      }),
    ),
  max_output_tokens: ({ at_most: most }, { maxOutputTokens }) => told(maxOutputTokens, (value) => value <= most),
  input: (written, facts) => {
    const kinds = (['images', 'files', 'audio'] as const).map((kind) => hasKind(facts, kind, written[kind]))
    if (written.max_bytes === undefined) return facts.space.both(kinds)
    const most = sizeBytes(written.max_bytes)
    return facts.space.both([
      ...kinds,
      unlessStored(
        facts,
        told(facts.bytes, (value) => value <= most),
      ),
    ])
  },
  tools: ({ functions, hosted }, facts) =>
    facts.space.both([
      functions ? everyOf(facts, 'functions', functions) : ALWAYS,
      hosted ? everyOf(facts, 'hosted', hosted) : ALWAYS,
    ]),
  urls: (written, facts) => everyOf(facts, 'urls', written),
  stream: (written, { flags, space }) => space.certain(flags.stream.is((value) => value === written)),
}

/** What something stored may add to cannot be told to be right; it is wrong all the same where it is. */
function unlessStored({ isStored, space }: FactSpace, { yes, notNo }: Three): Three {
  return { yes: space.formulas.all([yes, space.formulas.not(isStored)]), notNo }
}

/** Each of a list; whatever something stored adds is among all names. */
function everyOf(facts: FactSpace, list: keyof FactSpace['lists'], patterns: readonly string[]): Three {
  const every = facts.space.certain(facts.lists[list].every(selectorTest(namesSelector(patterns))))
  return patterns.some((pattern) => /^\*+$/.test(pattern)) ? every : unlessStored(facts, every)
}

/** What is there is there; of what is not, something stored could bring some. */
function hasKind(facts: FactSpace, kind: 'images' | 'files' | 'audio', wanted: boolean | undefined): Three {
  if (wanted === undefined) return ALWAYS
  const { flags, isStored, space } = facts
  const is = flags[kind].is((value) => value === wanted)
  if (!wanted) return unlessStored(facts, space.certain(is))
  return { yes: is, notNo: space.formulas.any([is, isStored]) }
}

/** The conditions of a rule by their keys, each as formulas. */
export function encodeConditions(rule: OutlineRule, facts: FactSpace): ReadonlyMap<string, Three> {
  const { when } = rule
  return new Map(
    (Object.keys(ENCODERS) as (keyof WhenDocument)[]).flatMap((name) => {
      const written = when[name]
      if (written === undefined) return []
      // A rule that says nothing of hosts speaks of those that a request itself names.
      if (name === 'urls' && rule.hasNoUrls) return [[name, facts.space.certain(facts.lists.urls.every(() => false))]]
      return [[name, (ENCODERS[name] as Encode<typeof name>)(written as never, facts)] as const]
    }),
  )
}

/** A fact that is absent cannot be told. */
function told<Value>(choice: Choice<Value | undefined>, test: (value: Value) => boolean): Three {
  return choice.match((value): Match => (value === undefined ? 'unknown' : yesOrNo(test(value))))
}
