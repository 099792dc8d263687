import type { Match } from '../model/match.ts'
import { durationMs, sizeBytes } from '../model/units.ts'
import { contains, readAddress, readNetwork } from '../policy/address.ts'
import type { ClaimTest } from '../policy/claim-path.ts'
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
  input: (written, { flags, bytes, space }) => {
    const kinds = (['images', 'files', 'audio'] as const).map((kind) =>
      space.certain(flags[kind].is((value) => value === (written[kind] ?? value))),
    )
    const most = written.max_bytes === undefined ? null : sizeBytes(written.max_bytes)
    return space.both(most === null ? kinds : [...kinds, told(bytes, (value) => value <= most)])
  },
  tools: ({ functions, hosted }, { lists, space }) =>
    space.both([
      functions ? space.certain(lists.functions.every(selectorTest(namesSelector(functions)))) : ALWAYS,
      hosted ? space.certain(lists.hosted.every(selectorTest(namesSelector(hosted)))) : ALWAYS,
    ]),
  urls: (written, { lists, space }) => space.certain(lists.urls.every(selectorTest(namesSelector(written)))),
  stream: (written, { flags, space }) => space.certain(flags.stream.is((value) => value === written)),
}

/** The conditions of a rule by their keys, each as formulas. */
export function encodeConditions(when: WhenDocument, facts: FactSpace): ReadonlyMap<string, Three> {
  return new Map(
    (Object.keys(ENCODERS) as (keyof WhenDocument)[]).flatMap((name) => {
      const written = when[name]
      if (written === undefined) return []
      return [[name, (ENCODERS[name] as Encode<typeof name>)(written as never, facts)] as const]
    }),
  )
}

/** A fact that is absent cannot be told. */
function told<Value>(choice: Choice<Value | undefined>, test: (value: Value) => boolean): Three {
  return choice.match((value): Match => (value === undefined ? 'unknown' : yesOrNo(test(value))))
}
