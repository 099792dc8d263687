import type { PolicyInput } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import type { ClientExchange } from '../model/ports.ts'
import { mayUse, modelDocument, usableModels } from './listing.ts'
import { modelNotFound } from './refusals.ts'
import type { Snapshot } from './snapshot.ts'

/** Operations that the proxy answers by itself, from what its upstreams list and the policy lets the caller use. */
const OWN: ReadonlySet<string> = new Set(['models.list', 'models.get'])

export function isAnsweredHere(operation: string): boolean {
  return OWN.has(operation)
}

/**
 * Answers `models.list` and `models.get` with what this caller may use. A fault is returned where the model is not among
 * it: it looks like a model that does not exist.
 */
export async function answerHere(
  snapshot: Snapshot,
  input: PolicyInput,
  exchange: ClientExchange,
): Promise<Fault | null> {
  const { model } = input
  if (typeof model === 'string' && !mayUse(snapshot, input, model)) return modelNotFound(model)
  const models = await usableModels(snapshot, input)
  if (typeof model !== 'string') {
    exchange.json(200, JSON.stringify({ object: 'list', data: models.map(modelDocument) }))
    return null
  }
  const listed = models.find(({ id }) => id === model) ?? { id: model, created: 0, ownedBy: 'sallyport' }
  exchange.json(200, JSON.stringify(modelDocument(listed)))
  return null
}
