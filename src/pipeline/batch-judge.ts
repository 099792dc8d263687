import { createHash } from 'node:crypto'
import { type BatchLine, readBatchLine, writeBatchLine } from '../endpoints/batch-line.ts'
import type { PolicyInput } from '../model/decision.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import type { RequestFacts, RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Edit } from '../shape/edits.ts'
import { shapeBody } from '../shape/request.ts'
import type { AskedObjects } from './asked-objects.ts'
import { policyInput } from './judge.ts'
import { bodyEdits, isAside, place } from './ownership.ts'
import { unplacedRefused } from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'
import { type Refused, type Standing, Standings } from './standings.ts'

/** As many as the API takes in one batch. */
const MAX_LINES = 50_000

/** Models that an event names. */
const MAX_MODELS = 32
const MAX_MODEL_CHARACTERS = 1024

/** Names of lines are kept to the end of their file: a longer one as a digest, which is longer than this. */
const MAX_KEPT_NAME = 40

export interface BatchCaller {
  readonly head: RequestHead
  readonly principal: Principal
  readonly snapshot: Snapshot
  /** Epoch milliseconds. */
  readonly at: number
}

/**
 * Judges the requests of one batch, each by itself and as if it came alone from the same caller, and all of them for one
 * upstream. Holds of a line nothing but its name.
 */
export class BatchJudge {
  readonly #caller: BatchCaller
  readonly #standings: Standings
  readonly #names = new Set<string>()
  readonly #obligations = new Set<string>()
  readonly #models = new Set<string>()
  #modelCharacters = 0
  #omitsModels = false
  #lines = 0
  #first: BatchLine['endpoint'] | null = null

  constructor(caller: BatchCaller) {
    this.#caller = caller
    this.#standings = new Standings(caller.snapshot.policy, caller.snapshot.upstreams)
  }

  /** Lines that were begun. */
  get lines(): number {
    return this.#lines
  }

  /** What all lines ask for; null before there is one. */
  get endpoint(): BatchLine['endpoint'] | null {
    return this.#first
  }

  /** Models of the lines, as far as an event has room for them. */
  get models(): { readonly named: readonly string[]; readonly isCut: boolean } {
    return { named: [...this.#models], isCut: this.#omitsModels }
  }

  /** What was done to lines because of the policy. */
  get obligations(): readonly string[] {
    return [...this.#obligations].sort()
  }

  /** Judges the upload itself: whoever may not upload is told so before anything is read. */
  upload(asked: AskedObjects, facts: RequestFacts, input: PolicyInput): Refused | null {
    const opened = this.#decided(asked, { facts, input, api: asked.found.endpoint.api }, (fault) => fault)
    return opened.ok ? null : opened.fault
  }

  /** Judges one line; the line as it goes on, with its end. */
  line(bytes: Buffer): Result<string, Refused> {
    if (++this.#lines > MAX_LINES) return wrong(tooMany)
    const number = this.#lines
    const read = readBatchLine(bytes)
    if (!read.ok) return wrong(ofLine(number, read.fault))
    const strange = this.#strange(read.value)
    if (strange !== null) return wrong(ofLine(number, strange))
    return this.#judged(read.value, (fault) => lineFault(number, fault))
  }

  /** The upstream for which the upload and all lines are allowed. */
  chosen(): Result<ServingUpstream, Refused> {
    return this.#standings.chosen()
  }

  /** What is wrong with a line beside the others. */
  #strange({ customId, endpoint }: BatchLine): Fault | null {
    const name = customId.length <= MAX_KEPT_NAME ? customId : createHash('sha256').update(customId).digest('base64url')
    if (this.#names.has(name)) return fault('invalid_body', 'has the `custom_id` of a line before it', INVALID)
    this.#names.add(name)
    this.#first ??= endpoint
    return this.#first === endpoint
      ? null
      : fault('invalid_body', 'has another `url` than the lines before it: a batch has one', INVALID)
  }

  #judged(line: BatchLine, told: (fault: Fault) => Fault): Result<string, Refused> {
    const { endpoint, body } = line
    const { head, principal, snapshot, at } = this.#caller
    const described = endpoint.describe(body, {})
    if (!described.ok) return wrong(told(described.fault))
    const facts = described.value
    if (facts.stream) return wrong(told(streamed))
    const { model, alias } =
      typeof facts.model === 'string' ? snapshot.policy.resolveModel(facts.model) : { model: facts.model, alias: null }
    this.#note([model, ...facts.nestedModels])
    const input = policyInput(principal, head, facts, model, at)
    const found = { endpoint, parameters: {}, path: endpoint.path, query: '', objects: [] }
    const obligations = snapshot.policy.obligations(input)
    const store = obligations?.set.store
    const asked = { found, body, fields: null, filenames: [], noted: facts.objects, judgedFor: null, store }
    const opened = this.#decided(asked, { facts, input, api: endpoint.api }, told)
    if (!opened.ok) return opened
    if (obligations?.unplaced) return wrong(told(unplacedRefused(facts.operation, obligations.unplaced)))
    for (const name of obligations?.names ?? []) this.#obligations.add(name)
    return ok(writeBatchLine(line, shapeBody(body, { facts, model, alias, obligations }, opened.value)))
  }

  /** The decision for every upstream that stands, and what opens the ids there. */
  #decided(asked: AskedObjects, standing: Standing, told: (fault: Fault) => Fault): Result<readonly Edit[], Refused> {
    const decided = this.#standings.decide(standing, told)
    if (!decided.ok) return decided
    if (isAside(asked)) return ok([])
    const { principal, snapshot } = this.#caller
    const placed = place(asked, decided.value, principal, this.#standings.upstreams, snapshot)
    if (!placed.ok) return wrong(told(placed.fault))
    const { serving, owned } = placed.value
    this.#standings.keep(serving)
    // INVARIANT: where there is something to be opened, it is the same for all, since one of them has sealed it.
    const first = this.#standings.preferred(serving)
    const own = first ? owned(first) : null
    if (own === null) return ok([])
    // The mark of what is kept is this upstream's. Should another one serve in the end, it opens nothing there: nobody's list.
    return ok(bodyEdits(own))
  }

  #note(models: readonly unknown[]): void {
    for (const model of models) {
      if (typeof model !== 'string' || this.#models.has(model)) continue
      this.#modelCharacters += model.length
      if (this.#models.size >= MAX_MODELS || this.#modelCharacters > MAX_MODEL_CHARACTERS) this.#omitsModels = true
      else this.#models.add(model)
    }
  }
}

const INVALID = { reason: 'body_invalid' } as const
const streamed: Fault = fault('invalid_body', 'a batch has no streams: leave `stream` out', INVALID)
const tooMany: Fault = fault('invalid_body', `the file has more than ${MAX_LINES} lines`, {
  param: `line ${MAX_LINES + 1}`,
  ...INVALID,
})

function wrong(fault: Fault): Result<never, Refused> {
  return failed({ fault, decision: null })
}

/** A fault of a request as one of the line that it stands on. */
function lineFault(number: number, fault: Fault): Fault {
  return { ...fault, message: `line ${number}: ${fault.message}`, param: `line ${number}` }
}

/** The same where the message goes on from the line. */
export function ofLine(number: number, fault: Fault): Fault {
  return { ...fault, message: `line ${number} ${fault.message}`, param: `line ${number}` }
}

/** The line that a fault names; null for another one. */
export function lineOf({ param }: Fault): number | null {
  const [, number] = /^line ([0-9]+)$/.exec(param ?? '') ?? []
  return number === undefined ? null : Number(number)
}
