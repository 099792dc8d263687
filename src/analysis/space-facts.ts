import { METHODS } from '../model/identity.ts'
import { durationMs, sizeBytes } from '../model/units.ts'
import type { PolicyOutline } from '../policy/outline.ts'
import type { MemberDocument, WhenDocument } from '../policy/schema.ts'
import { type Choice, type MadeFacts, Space, type TextSet, type UntoldSet } from './space.ts'
import { type ClaimSpace, claimSpace } from './space-claims.ts'
import type { Formula, Formulas } from './space-formula.ts'
import { addressesBetween } from './space-network.ts'
import type { Budget } from './space-solve.ts'
import { agesBetween, stepsOf } from './space-steps.ts'
import { namesSelector, type TextSelector, testSelector, textClasses } from './space-text.ts'
import { instantsOf } from './space-time.ts'

export const PROJECT = 'openai-project'

/** Every fact that two policies look at, in as many values as they tell apart. */
export interface FactSpace {
  readonly space: Space
  readonly issuer: Choice<string | undefined>
  readonly user: Choice<string | undefined>
  readonly key: Choice<string | null>
  readonly method: Choice<MadeFacts['method']>
  readonly groups: UntoldSet
  readonly carriedRoles: TextSet
  readonly carriedWorkspaces: UntoldSet
  readonly claims: ClaimSpace
  readonly mfa: Choice<MadeFacts['mfa']>
  readonly age: Choice<number | undefined>
  readonly acr: Choice<string | undefined>
  readonly ip: Choice<string | undefined>
  readonly at: Choice<number>
  /** `OpenAI-Project` among them, for the workspace. */
  readonly headers: ReadonlyMap<string, Choice<string | undefined>>
  readonly region: Choice<string | undefined>
  readonly labels: ReadonlyMap<string, Choice<string | undefined>>
  readonly flags: { readonly [Name in 'stream' | 'images' | 'files' | 'audio']: Choice<boolean> }
  readonly maxOutputTokens: Choice<number | undefined>
  readonly bytes: Choice<number | undefined>
  readonly lists: { readonly [Name in 'functions' | 'hosted' | 'urls']: TextSet }
  /** The request goes on with something stored. */
  readonly isStored: Formula
}

/** The facts of both policies; whatever a request is, one combination of the values is decided like it by both. */
export function factSpace(formulas: Formulas, outlines: readonly PolicyOutline[], budget: Budget): FactSpace {
  const space = new Space(formulas)
  const members = outlines.flatMap(({ roles, workspaces }) =>
    [...roles.values(), ...workspaces.values()].flatMap((owner) => owner.members),
  )
  const whens = outlines.flatMap(({ rules }) => rules.map(({ when }) => when))
  return {
    space,
    ...callerFacts(space, members, whens),
    ...heldFacts(space, outlines, members),
    claims: claimSpace(
      space,
      [...members, ...whens].flatMap(({ claim }) => claim ?? []),
      budget,
    ),
    ...originFacts(space, outlines, whens, budget),
    ...contentFacts(space, whens, budget),
  }
}

function callerFacts(space: Space, members: readonly MemberDocument[], whens: readonly WhenDocument[]) {
  const issuers = members.flatMap(({ issuer }) => issuer ?? [])
  const users = members.flatMap(({ user }) => user ?? [])
  const keys = members.flatMap(({ key }) => key ?? [])
  const acrs = whens.flatMap(({ acr }) => acr ?? [])
  const ages = whens.flatMap(({ mfa }) => (typeof mfa === 'object' ? [durationMs(mfa.max_age)] : []))
  return {
    issuer: space.choice(namedOrNot(issuers, 'another-issuer'), (facts, value) => {
      facts.issuer = value
    }),
    user: space.choice(namedOrNot(users, 'somebody'), (facts, value) => {
      facts.user = value
    }),
    key: space.choice<string | null>([null, ...new Set(keys), unlike(keys, 'key_other')], (facts, value) => {
      facts.key = value
    }),
    method: space.choice<MadeFacts['method']>([...METHODS, undefined], (facts, value) => {
      facts.method = value
    }),
    mfa: space.choice<MadeFacts['mfa']>(['yes', 'no', 'unknown'], (facts, value) => {
      facts.mfa = value
    }),
    age: space.choice(agesBetween(ages), (facts, value) => {
      facts.age = value
    }),
    acr: space.choice([undefined, ...new Set(acrs), unlike(acrs, 'other')], (facts, value) => {
      facts.acr = value
    }),
  }
}

function heldFacts(space: Space, outlines: readonly PolicyOutline[], members: readonly MemberDocument[]) {
  const groups = space.set([...new Set(members.flatMap(({ group }) => group ?? []))], (facts, chosen) => {
    facts.groups = chosen
  })
  const groupsTold = space.choice([true, false], (facts, told) => {
    if (!told) facts.groups = undefined
  })
  const workspaceNames = new Set(outlines.flatMap(({ workspaces }) => [...workspaces.keys()]))
  const workspaces = space.set([...workspaceNames], (facts, chosen) => {
    facts.workspaces = chosen
  })
  const workspacesTold = space.choice([true, false], (facts, told) => {
    if (!told) facts.workspaces = undefined
  })
  const roleNames = new Set(outlines.flatMap(({ roles }) => [...roles.keys()]))
  return {
    groups: space.untoldSet(
      groups,
      groupsTold.is((told) => told),
    ),
    carriedWorkspaces: space.untoldSet(
      workspaces,
      workspacesTold.is((told) => told),
    ),
    carriedRoles: space.set([...roleNames], (facts, chosen) => {
      facts.roles = chosen
    }),
  }
}

function originFacts(space: Space, outlines: readonly PolicyOutline[], whens: readonly WhenDocument[], budget: Budget) {
  const regions = whens.flatMap(({ region }) => region ?? [])
  return {
    ip: space.choice<string | undefined>(
      [...addressesBetween(whens.flatMap(({ network }) => network ?? [])), undefined],
      (facts, value) => {
        facts.ip = value
      },
    ),
    at: space.choice(instantsOf(distinct(whens.flatMap(({ time }) => time ?? []))), (facts, value) => {
      facts.at = value
    }),
    headers: headerFacts(space, outlines, whens, budget),
    region: space.choice<string | undefined>(
      [undefined, ...new Set(regions), unlike(regions, 'other')],
      (facts, value) => {
        facts.region = value
      },
    ),
    labels: labelFacts(space, whens),
  }
}

function headerFacts(space: Space, outlines: readonly PolicyOutline[], whens: readonly WhenDocument[], budget: Budget) {
  const selectors = new Map<string, TextSelector[]>()
  const workspaces = new Set(outlines.flatMap((outline) => [...outline.workspaces.keys()]))
  selectors.set(
    PROJECT,
    [...workspaces].map((text) => [{ text, isPattern: false }]),
  )
  for (const { header } of whens) {
    if (!header) continue
    const name = header.name.toLowerCase()
    selectors.set(name, [...(selectors.get(name) ?? []), testSelector(header)])
  }
  const choiceOf = (name: string, written: readonly TextSelector[]) =>
    space.choice<string | undefined>([undefined, ...textClasses(distinct(written), budget, [])], (facts, value) => {
      if (value !== undefined) facts.headers.set(name, value)
    })
  return new Map([...selectors].map(([name, written]) => [name, choiceOf(name, written)]))
}

function labelFacts(space: Space, whens: readonly WhenDocument[]) {
  const labels = Map.groupBy(
    whens.flatMap(({ upstream }) => Object.entries(upstream?.labels ?? {})),
    ([label]) => label,
  )
  const choiceOf = (label: string, named: readonly string[]) =>
    space.choice<string | undefined>([undefined, ...new Set(named), unlike(named, 'other')], (facts, value) => {
      if (value !== undefined) facts.labels.set(label, value)
    })
  return new Map(
    [...labels].map(([label, entries]) => [
      label,
      choiceOf(
        label,
        entries.map(([, value]) => value),
      ),
    ]),
  )
}

function contentFacts(space: Space, whens: readonly WhenDocument[], budget: Budget) {
  const flag = (name: keyof FactSpace['flags']) =>
    space.choice([false, true], (facts, value) => {
      facts[name] = value
    })
  const list = (name: keyof FactSpace['lists'], written: readonly (readonly string[] | undefined)[]) => {
    const selectors = distinct(written.flatMap((names) => (names ? [names] : []))).map(namesSelector)
    const classes = selectors.length === 0 ? [] : textClasses(selectors, budget, [])
    return space.set(classes, (facts, chosen) => {
      facts[name] = chosen
    })
  }
  const stored = space.choice([false, true], (facts, value) => {
    facts.stored = value
  })
  const tokens = whens.flatMap(({ max_output_tokens: most }) => most?.at_most ?? [])
  const sizes = whens.flatMap(({ input }) => (input?.max_bytes === undefined ? [] : [sizeBytes(input.max_bytes)]))
  return {
    isStored: stored.is((value) => value),
    flags: { stream: flag('stream'), images: flag('images'), files: flag('files'), audio: flag('audio') },
    maxOutputTokens: space.choice<number | undefined>([...stepsOf(tokens), undefined], (facts, value) => {
      facts.maxOutputTokens = value
    }),
    bytes: space.choice<number | undefined>([...stepsOf(sizes), undefined], (facts, value) => {
      facts.bytes = value
    }),
    lists: {
      functions: list(
        'functions',
        whens.map(({ tools }) => tools?.functions),
      ),
      hosted: list(
        'hosted',
        whens.map(({ tools }) => tools?.hosted),
      ),
      urls: list(
        'urls',
        whens.map(({ urls }) => urls),
      ),
    },
  }
}

function namedOrNot(names: readonly string[], other: string): (string | undefined)[] {
  return [unlike(names, other), ...new Set(names), undefined]
}

/** A name that is none of these. */
function unlike(names: readonly string[], wanted: string): string {
  let name = wanted
  while (names.includes(name)) name += '-'
  return name
}

function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}
