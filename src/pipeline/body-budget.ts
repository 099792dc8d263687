import { type Fault, fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import type { HeldAllowance } from '../model/ports.ts'

/** What one caller may hold of the whole, as a divisor: so many callers at their limit fill it. */
const CALLERS_AT_LIMIT = 4

/** So many callers are remembered before those who hold nothing are forgotten. */
const MANY_CALLERS = 1000

const callers = new WeakMap<Principal, string>()

/** Names a caller among all others: one string for all requests of a credential, so that looking it up costs little. */
export function callerOf(principal: Principal): string {
  const known = callers.get(principal)
  if (known !== undefined) return known
  const caller = `${principal.issuer}\n${principal.id}`
  callers.set(principal, caller)
  return caller
}

interface Full {
  readonly ofCaller: Fault
  readonly ofAll: Fault
}

const retry = { headers: ['retry-after', '1'] } as const

const FULL = {
  memory: {
    ofCaller: fault(
      'rate_limit_exceeded',
      'too many bytes of your requests are waiting at once: send large bodies one after the other',
      { ...retry, reason: 'body_budget' },
    ),
    ofAll: fault('overloaded', 'too many request bodies are waiting at once: try again later', {
      ...retry,
      reason: 'body_budget',
    }),
  },
  disk: {
    ofCaller: fault(
      'rate_limit_exceeded',
      'too many bytes of your uploads are kept at once: send large files one after the other',
      { ...retry, reason: 'spool_budget' },
    ),
    ofAll: fault('overloaded', 'too many uploads are kept at once: try again later', {
      ...retry,
      reason: 'spool_budget',
    }),
  },
} as const satisfies { readonly [where: string]: Full }

/** One request's part of the budget. */
export type OpenAllowance = HeldAllowance

/**
 * Bounds the request bodies that are in memory at once: all of them together, and those of one caller, so that neither
 * many large bodies nor one caller's slow ones can use up the memory of the process. A body counts until its request is
 * over, since it may not be sent on before.
 */
export class BodyBudget {
  #totalBytes = 0
  #callerBytes = 0
  /** By caller. Who holds nothing any more stays until there are many: a map that shrinks and grows with each request
   * costs more than the rest of the budget. */
  readonly #held = new Map<string, { bytes: number }>()
  #all = 0
  #sweepAt = MANY_CALLERS

  readonly #full: Full

  /** `where`: what fills up, as callers and events are told. */
  constructor(totalBytes: number, maxBodyBytes: number, where: keyof typeof FULL = 'memory') {
    this.#full = FULL[where]
    this.limit(totalBytes, maxBodyBytes)
  }

  /** Other limits from now on. `maxBodyBytes`: one body of the largest size always fits a caller's share. */
  limit(totalBytes: number, maxBodyBytes: number): void {
    this.#totalBytes = Math.max(totalBytes, maxBodyBytes)
    this.#callerBytes = Math.max(Math.floor(this.#totalBytes / CALLERS_AT_LIMIT), maxBodyBytes)
  }

  /** Bytes held now. */
  get heldBytes(): number {
    return this.#all
  }

  open(caller: string): OpenAllowance {
    return new Allowance(this, caller)
  }

  /** For allowances: takes a caller's bytes into account, or says why they may not be kept. */
  take(caller: string, bytes: number): Fault | null {
    const held = this.#heldBy(caller)
    if (held.bytes + bytes > this.#callerBytes) return this.#full.ofCaller
    if (this.#all + bytes > this.#totalBytes) return this.#full.ofAll
    held.bytes += bytes
    this.#all += bytes
    return null
  }

  /** For allowances: a caller's bytes are gone. */
  give(caller: string, bytes: number): void {
    this.#heldBy(caller).bytes -= bytes
    this.#all -= bytes
  }

  #heldBy(caller: string): { bytes: number } {
    const known = this.#held.get(caller)
    if (known) return known
    if (this.#held.size >= this.#sweepAt) this.#sweep()
    const held = { bytes: 0 }
    this.#held.set(caller, held)
    return held
  }

  #sweep(): void {
    for (const [caller, { bytes }] of this.#held) if (bytes === 0) this.#held.delete(caller)
    this.#sweepAt = Math.max(MANY_CALLERS, this.#held.size * 2)
  }
}

class Allowance implements OpenAllowance {
  readonly #budget: BodyBudget
  readonly #caller: string
  #bytes = 0

  constructor(budget: BodyBudget, caller: string) {
    this.#budget = budget
    this.#caller = caller
  }

  take(bytes: number): Fault | null {
    const refused = this.#budget.take(this.#caller, bytes)
    if (refused === null) this.#bytes += bytes
    return refused
  }

  release(): void {
    if (this.#bytes > 0) this.#budget.give(this.#caller, this.#bytes)
    this.#bytes = 0
  }
}
