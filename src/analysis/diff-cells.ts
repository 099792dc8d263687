import {
  isUninspected,
  MODEL_OPERATIONS,
  OPEN_RESOURCES,
  SPELLED_OPERATIONS,
  STORED_OPERATIONS,
} from '../model/operations.ts'
import { isPattern } from '../model/pattern.ts'
import type { ModelFact } from '../model/request.ts'
import { asksOfBodies, type OutlineRule, type PolicyOutline } from '../policy/outline.ts'
import type { EncodedPolicy, EncodedRule } from './diff-policy.ts'
import { type Budget, TooLarge } from './space-solve.ts'
import { namesSelector, selectorTest, textClasses } from './space-text.ts'

/** A model as a client names it, and what each policy makes of the name: an alias may stand for different models. */
export interface ClientModel {
  readonly named: ModelFact
  readonly before: ModelFact
  readonly after: ModelFact
}

/** One operation and one model, each standing for all that the policies do not tell apart from it. */
export interface Cell {
  readonly operation: string
  readonly model: ClientModel
}

/** Operations that never have a model; those of resources that are not spelled out may have one. */
const WITHOUT_MODEL = SPELLED_OPERATIONS.filter((operation) => !MODEL_OPERATIONS.includes(operation))

/** Operations that nobody inspects: whatever model a request to one names cannot be told. */
export const UNINSPECTED = OPEN_RESOURCES.map((resource) => `${resource}.*`)

/** A chat without a model, or a list of models that names one, is no request. */
export function isAskable({ operation, model }: Cell): boolean {
  if (isUninspected(operation)) return model.named === undefined
  if (MODEL_OPERATIONS.includes(operation)) return model.named !== null
  return model.named === null || !WITHOUT_MODEL.includes(operation)
}

/** What is asked as a rule: an operation that may have a model or not has none. */
export function isLikely({ operation, model }: Cell): boolean {
  if (isUninspected(operation)) return true
  return (model.named !== null) === MODEL_OPERATIONS.includes(operation)
}

/** Cells of which the same rules speak. */
export interface Field {
  readonly cells: readonly Cell[]
  readonly before: readonly EncodedRule[]
  readonly after: readonly EncodedRule[]
}

export interface Grid {
  readonly operations: readonly string[]
  readonly models: readonly ClientModel[]
}

const MAX_LOOKS = 300_000_000

/** Every operation and every model that the two policies tell apart. */
export function gridOf(before: PolicyOutline, after: PolicyOutline, budget: Budget): Grid {
  const rules = [...before.rules, ...after.rules]
  const operations = rules.map((rule) => rule.operations)
  const aliases = [...before.aliases, ...after.aliases]
  const resolved = (outline: PolicyOutline, named: ModelFact) =>
    typeof named === 'string' ? (outline.aliases.get(named) ?? named) : named
  const client = (named: ModelFact): ClientModel => ({
    named,
    before: resolved(before, named),
    after: resolved(after, named),
  })
  const models = nameClasses([...rules.map((rule) => rule.models), ...aliases], [], budget)
  return {
    operations: nameClasses(operations, [MODEL_OPERATIONS, WITHOUT_MODEL, UNINSPECTED, STORED_OPERATIONS], budget),
    models: [...models, null, undefined].map(client),
  }
}

/** Names for all that the lists and kinds tell apart; each name that a list has is one, so that it can be called by it. */
function nameClasses(
  lists: readonly (readonly string[] | null)[],
  kinds: readonly (readonly string[])[],
  budget: Budget,
): string[] {
  const written = lists.filter((list) => list !== null)
  const names = new Set(written.flat().filter((name) => !isPattern(name)))
  const distinct = new Map([...written, ...kinds].map((list) => [JSON.stringify(list), namesSelector(list)]))
  return textClasses([...[...names].map((name) => namesSelector([name])), ...distinct.values()], budget, kinds.flat())
}

/** The cells of a grid, those together of which the same rules speak. */
export function fieldsOf({ operations, models }: Grid, before: EncodedPolicy, after: EncodedPolicy): Field[] {
  if ((before.rules.length + after.rules.length) * operations.length * models.length > MAX_LOOKS) {
    throw new TooLarge('there are too many rules, operations and models')
  }
  const operationTests = new Map([...before.rules, ...after.rules].map((one) => [one, operationTest(one.rule)]))
  const columns = models.map((model) => ({
    model,
    before: before.rules.filter((one) => speaksOfModel(one.rule, model.before)),
    after: after.rules.filter((one) => speaksOfModel(one.rule, model.after)),
  }))
  const all = [...before.rules, ...after.rules].flatMap((one) =>
    [one, one.unread, one.stored].filter((each) => each !== null),
  )
  const places = new Map(all.map((one, index) => [one, index]))
  const fields = new Map<string, Field & { cells: Cell[] }>()
  for (const operation of operations) {
    const speaks = new Set([...operationTests].filter(([, test]) => test(operation)).map(([one]) => one))
    for (const column of columns.filter(({ model }) => isAskable({ operation, model }))) {
      const [old, young] = [column.before, column.after].map((rules) => {
        const speaking = rules.filter((one) => speaks.has(one))
        return speaking.map((one) => asAsked(one, operation))
      })
      const key = [old, young].map((rules) => (rules ?? []).map((one) => places.get(one)).join()).join('|')
      const field = fields.get(key) ?? { cells: [], before: old ?? [], after: young ?? [] }
      fields.set(key, field)
      field.cells.push({ operation, model: column.model })
    }
  }
  return [...fields.values()]
}

/** The rule as it is asked by requests to the operation. */
function asAsked(one: EncodedRule, operation: string): EncodedRule {
  if (isUninspected(operation)) return one.unread ?? one
  return STORED_OPERATIONS.includes(operation) ? (one.stored ?? one) : one
}

function operationTest(rule: OutlineRule): (operation: string) => boolean {
  const { effect, operations } = rule
  const test = operations === null ? () => true : selectorTest(namesSelector(operations))
  // What nobody inspects is granted by name alone, and by nothing that asks for more of a body.
  const grantsAny = effect === 'deny' || (operations !== null && !asksOfBodies(rule))
  return grantsAny ? test : (operation) => !isUninspected(operation) && test(operation)
}

const modelTests = new WeakMap<OutlineRule, (model: string) => boolean>()

/** Whether a rule speaks of the model: for an allow certainly, for a deny not certainly not. */
function speaksOfModel(rule: OutlineRule, model: ModelFact): boolean {
  const { models, operations, effect } = rule
  if (models === null) return true
  if (model === undefined) return effect === 'deny'
  if (model === null) return operations !== null
  const test = modelTests.get(rule) ?? selectorTest(namesSelector(models))
  modelTests.set(rule, test)
  return test(model)
}
