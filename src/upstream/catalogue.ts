import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { Clock } from '../model/ports.ts'
import type { Upstream } from './pools.ts'

const FRESH_MS = 60_000
const FETCH_MS = 5000
const MAX_BYTES = 1024 * 1024
const MAX_MODELS = 5000

/** One model as `GET /v1/models` lists it. */
export interface ListedModel {
  readonly id: string
  readonly created: number
  readonly ownedBy: string
}

/**
 * The models of one upstream: those that its own list names and its config admits, and those that the config names in
 * full. The list is fetched on demand, at most once a minute, one fetch at a time; while the upstream cannot tell, the
 * configured names stand. What callers see is still decided for each of them.
 */
export function openCatalogue(upstream: Upstream, clock: Clock): () => Promise<readonly ListedModel[]> {
  let listed: readonly ListedModel[] = []
  let fetchedAt = Number.NEGATIVE_INFINITY
  let pending: Promise<void> | null = null
  const refresh = async () => {
    try {
      listed = readModels(await fetchModels(upstream))
    } catch {
      listed = []
    } finally {
      fetchedAt = clock()
      pending = null
    }
  }
  return async () => {
    if (clock() - fetchedAt >= FRESH_MS) {
      pending ??= refresh()
      await pending
    }
    const byId = new Map<string, ListedModel>()
    for (const model of listed) if (upstream.serves(model.id)) byId.set(model.id, model)
    for (const id of upstream.namedModels) {
      if (!byId.has(id)) byId.set(id, { id, created: 0, ownedBy: upstream.settings.name })
    }
    return [...byId.values()]
  }
}

async function fetchModels(upstream: Upstream): Promise<JsonValue> {
  const key = upstream.settings.apiKey
  const { statusCode, body } = await upstream.pool.request({
    path: `${upstream.basePath}/models`,
    method: 'GET',
    headers: { accept: 'application/json', ...(key ? { authorization: `Bearer ${key.reveal()}` } : {}) },
    signal: AbortSignal.timeout(FETCH_MS),
  })
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > MAX_BYTES) throw new Error('model list too large')
    chunks.push(chunk)
  }
  if (statusCode !== 200) throw new Error('no model list')
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

function readModels(document: JsonValue): readonly ListedModel[] {
  const entries = isJsonObject(document) ? ownValue(document, 'data') : undefined
  if (!Array.isArray(entries)) return []
  return entries.slice(0, MAX_MODELS).filter(isJsonObject).flatMap(readModel)
}

function readModel(entry: JsonObject): ListedModel[] {
  const id = ownValue(entry, 'id')
  const created = ownValue(entry, 'created')
  const ownedBy = ownValue(entry, 'owned_by')
  if (typeof id !== 'string' || id === '' || id.length > 256) return []
  return [
    {
      id,
      created: typeof created === 'number' && Number.isSafeInteger(created) ? created : 0,
      ownedBy: typeof ownedBy === 'string' && ownedBy.length <= 256 ? ownedBy : '',
    },
  ]
}
