import type { PolicyInput } from '../model/decision.ts'
import type { ClientExchange } from '../model/ports.ts'
import { modelDocument, usableModels } from './listing.ts'
import type { Snapshot } from './snapshot.ts'

/** Operations that the proxy answers by itself, from what its upstreams list and the policy lets the caller use. */
const OWN: ReadonlySet<string> = new Set(['models.list', 'models.get'])

export function isAnsweredHere(operation: string): boolean {
  return OWN.has(operation)
}

/** Answers `models.list` and `models.get` with what this caller may use; a model that is asked for is among it. */
export async function answerHere(snapshot: Snapshot, input: PolicyInput, exchange: ClientExchange): Promise<void> {
  const { model } = input
  const models = await usableModels(snapshot, input)
  if (typeof model !== 'string') {
    exchange.json(200, JSON.stringify({ object: 'list', data: models.map(modelDocument) }))
    return
  }
  const listed = models.find(({ id }) => id === model) ?? { id: model, created: 0, ownedBy: 'sallyport' }
  exchange.json(200, JSON.stringify(modelDocument(listed)))
}
