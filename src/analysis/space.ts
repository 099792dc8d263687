import type { MethodName } from '../model/identity.ts'
import type { Match } from '../model/match.ts'
import { type Formula, type Formulas, TRUE } from './space-formula.ts'
import type { Solution } from './space-solve.ts'

/** The facts of one request that nobody made, as a search finds them. Undefined is what cannot be told. */
export interface MadeFacts {
  issuer: string | undefined
  user: string | undefined
  key: string | null
  method: MethodName | undefined
  groups: string[] | undefined
  roles: string[]
  workspaces: string[] | undefined
  /** By the steps of their paths. */
  claims: { readonly steps: readonly string[]; readonly values: string[] }[]
  mfa: Match
  /** How long ago the sign-in was. Unit: milliseconds. */
  age: number | undefined
  acr: string | undefined
  ip: string | undefined
  /** Unit: epoch milliseconds. */
  at: number
  headers: Map<string, string>
  region: string | undefined
  labels: Map<string, string>
  stream: boolean
  maxOutputTokens: number | undefined
  bytes: number | undefined
  images: boolean
  files: boolean
  audio: boolean
  functions: string[]
  hosted: string[]
  urls: string[]
  /** It goes on with something stored, which may bring more. */
  stored: boolean
}

/** A three-valued question as two plain ones: an allow needs the first, a deny the second. */
export interface Three {
  readonly yes: Formula
  readonly notNo: Formula
}

/** A fact that has one of a few values, each standing for all that are answered alike. */
export interface Choice<Value> {
  readonly values: readonly Value[]
  readonly match: (test: (value: Value) => Match) => Three
  readonly is: (test: (value: Value) => boolean) => Formula
}

/** A fact that is a list of texts: each class of texts is in it or not. */
export interface TextSet {
  readonly some: (test: (text: string) => boolean) => Formula
  readonly every: (test: (text: string) => boolean) => Formula
}

/** A list that may be one that cannot be told. */
export interface UntoldSet {
  readonly some: (test: (text: string) => boolean) => Three
  /** The list cannot be told. */
  readonly untold: Formula
}

/** The facts that policies look at, as variables of formulas; and the way back from a solution to facts. */
export class Space {
  readonly formulas: Formulas
  readonly #writers: ((solution: Solution, facts: MadeFacts) => void)[] = []

  constructor(formulas: Formulas) {
    this.formulas = formulas
  }

  /** Of values that all serve, the first is chosen. */
  choice<Value>(values: readonly Value[], write: (facts: MadeFacts, value: Value) => void): Choice<Value> {
    const variable = this.formulas.variable(values.length)
    this.#writers.push((solution, facts) => {
      write(facts, values[solution[variable] ?? 0] as Value)
    })
    const is = (test: (value: Value) => boolean) => {
      const mask = values.reduce((bits, value, index) => (test(value) ? bits | (1n << BigInt(index)) : bits), 0n)
      return this.formulas.literal(variable, mask)
    }
    const match = (test: (value: Value) => Match) => {
      const answers = new Map(values.map((value) => [value, test(value)]))
      return {
        yes: is((value) => answers.get(value) === 'yes'),
        notNo: is((value) => answers.get(value) !== 'no'),
      }
    }
    return { values, match, is }
  }

  /** Nothing is in the list that need not be. */
  set(classes: readonly string[], write: (facts: MadeFacts, chosen: string[]) => void): TextSet {
    const members = classes.map((text) => {
      const variable = this.formulas.variable(2)
      return { text, variable, isIn: this.formulas.literal(variable, 2n) }
    })
    this.#writers.push((solution, facts) => {
      write(
        facts,
        members.filter(({ variable }) => solution[variable] === 1).map(({ text }) => text),
      )
    })
    const some = (test: (text: string) => boolean) =>
      this.formulas.any(members.filter(({ text }) => test(text)).map(({ isIn }) => isIn))
    return { some, every: (test) => this.formulas.not(some((text) => !test(text))) }
  }

  /** A list and, apart from it, whether it can be told: `told` is that it can. */
  untoldSet(set: TextSet, told: Formula): UntoldSet {
    const { formulas } = this
    const untold = formulas.not(told)
    return {
      untold,
      some: (test) => {
        const some = set.some(test)
        return { yes: formulas.all([told, some]), notNo: formulas.any([untold, some]) }
      },
    }
  }

  facts(solution: Solution): MadeFacts {
    const facts = nothing()
    for (const write of this.#writers) write(solution, facts)
    return facts
  }

  /** Three-valued AND. */
  both(parts: readonly Three[]): Three {
    return {
      yes: this.formulas.all(parts.map(({ yes }) => yes)),
      notNo: this.formulas.all(parts.map(({ notNo }) => notNo)),
    }
  }

  /** Three-valued OR. */
  either(parts: readonly Three[]): Three {
    return {
      yes: this.formulas.any(parts.map(({ yes }) => yes)),
      notNo: this.formulas.any(parts.map(({ notNo }) => notNo)),
    }
  }

  certain(formula: Formula): Three {
    return { yes: formula, notNo: formula }
  }
}

export const ALWAYS: Three = { yes: TRUE, notNo: TRUE }

function nothing(): MadeFacts {
  return {
    issuer: undefined,
    user: undefined,
    key: null,
    method: 'jwt',
    groups: [],
    roles: [],
    workspaces: [],
    claims: [],
    mfa: 'unknown',
    age: undefined,
    acr: undefined,
    ip: undefined,
    at: 0,
    headers: new Map(),
    region: undefined,
    labels: new Map(),
    stream: false,
    maxOutputTokens: undefined,
    bytes: undefined,
    images: false,
    files: false,
    audio: false,
    functions: [],
    hosted: [],
    urls: [],
    stored: false,
  }
}
