import type { PolicyInput } from '../model/decision.ts'
import type { ClientExchange } from '../model/ports.ts'
import type { ListedModel } from '../upstream/model-list.ts'
import { modelDocument, modelInfo, usableModels } from './listing.ts'
import type { Snapshot } from './snapshot.ts'

/** Operations that the proxy answers by itself, from what its upstreams list and the policy lets the caller use. */
const OWN: ReadonlySet<string> = new Set(['models.list', 'models.get'])

export function isAnsweredHere(operation: string): boolean {
  return OWN.has(operation)
}

/**
 * Answers `models.list` and `models.get` with what this caller may use; a model that is asked for is among it. To a client
 * that says Anthropic's version it is in the form of that API, in one page.
 */
export async function answerHere(snapshot: Snapshot, input: PolicyInput, exchange: ClientExchange): Promise<void> {
  const { model } = input
  const models = await usableModels(snapshot, input)
  const isAnthropic = input.header('anthropic-version') !== undefined
  if (typeof model !== 'string') {
    exchange.json(200, JSON.stringify(isAnthropic ? modelPage(models) : listDocument(models)))
    return
  }
  const listed = models.find(({ id }) => id === model) ?? { id: model, created: 0, ownedBy: 'sallyport' }
  exchange.json(200, JSON.stringify(isAnthropic ? modelInfo(listed) : modelDocument(listed)))
}

function listDocument(models: readonly ListedModel[]): object {
  return { object: 'list', data: models.map(modelDocument) }
}

function modelPage(models: readonly ListedModel[]): object {
  const ends = { first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null }
  return { data: models.map(modelInfo), has_more: false, ...ends }
}
