/** A formula over variables with finitely many values. Equal formulas are one number, whatever they were built from. */
export type Formula = number

export const TRUE: Formula = 0
const FALSE: Formula = 1

export type Shape =
  /** The variable has one of the values whose bits are set. */
  | { readonly kind: 'literal'; readonly variable: number; readonly mask: bigint }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Formula[] }

/**
 * Builds formulas and keeps each once. Negation is pushed down to the literals, so that there are only literals,
 * conjunctions and disjunctions; parts are flat, sorted, and no two of them are literals of one variable.
 */
export class Formulas {
  readonly #shapes: Shape[] = [
    { kind: 'all', parts: [] },
    { kind: 'any', parts: [] },
  ]
  readonly #known = new Map<string, Formula>()
  readonly #negations: (Formula | undefined)[] = [FALSE, TRUE]
  readonly #full: bigint[] = []

  /** A new variable of so many values. */
  variable(size: number): number {
    this.#full.push((1n << BigInt(size)) - 1n)
    return this.#full.length - 1
  }

  /** The set of all values of each variable. */
  get domains(): readonly bigint[] {
    return this.#full
  }

  shape(formula: Formula): Shape {
    const shape = this.#shapes[formula]
    if (!shape) throw new Error('no such formula')
    return shape
  }

  literal(variable: number, mask: bigint): Formula {
    if (mask === 0n) return FALSE
    if (mask === this.#full[variable]) return TRUE
    return this.#keep(`${variable}:${mask.toString(36)}`, { kind: 'literal', variable, mask })
  }

  all(parts: Iterable<Formula>): Formula {
    return this.#join('all', parts, TRUE, FALSE)
  }

  any(parts: Iterable<Formula>): Formula {
    return this.#join('any', parts, FALSE, TRUE)
  }

  not(formula: Formula): Formula {
    const before = this.#negations[formula]
    if (before !== undefined) return before
    const shape = this.shape(formula)
    const negation =
      shape.kind === 'literal'
        ? this.literal(shape.variable, (this.#full[shape.variable] ?? 0n) & ~shape.mask)
        : this.#negated(shape.kind, shape.parts)
    this.#negations[formula] = negation
    this.#negations[negation] = formula
    return negation
  }

  #negated(kind: 'all' | 'any', parts: readonly Formula[]): Formula {
    const negated = parts.map((part) => this.not(part))
    return kind === 'all' ? this.any(negated) : this.all(negated)
  }

  #join(kind: 'all' | 'any', given: Iterable<Formula>, neutral: Formula, absorbing: Formula): Formula {
    const others = new Set<Formula>()
    const literals = new Map<number, bigint>()
    const add = (part: Formula): void => {
      const shape = this.shape(part)
      if (shape.kind === 'literal') {
        const before = literals.get(shape.variable)
        if (before === undefined) literals.set(shape.variable, shape.mask)
        else literals.set(shape.variable, kind === 'all' ? before & shape.mask : before | shape.mask)
      } else if (shape.kind === kind) for (const inner of shape.parts) add(inner)
      else others.add(part)
    }
    for (const part of given) add(part)
    if (others.has(absorbing)) return absorbing
    for (const [variable, mask] of literals) {
      const literal = this.literal(variable, mask)
      if (literal === absorbing) return absorbing
      if (literal !== neutral) others.add(literal)
    }
    for (const part of others) {
      const negation = this.#negations[part]
      if (negation !== undefined && others.has(negation)) return absorbing
    }
    const parts = [...others].sort((a, b) => a - b)
    if (parts.length <= 1) return parts[0] ?? neutral
    return this.#keep(`${kind}:${parts.join(',')}`, { kind, parts })
  }

  #keep(key: string, shape: Shape): Formula {
    const before = this.#known.get(key)
    if (before !== undefined) return before
    this.#shapes.push(shape)
    const formula = this.#shapes.length - 1
    this.#known.set(key, formula)
    return formula
  }
}
