import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { Clock } from '../model/ports.ts'
import type { Upstream } from './pools.ts'

const FRESH_MS = 60_000
/** How long the last list stands while the upstream cannot tell. */
const STALE_MS = 600_000
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
 * full. The list is fetched on demand, at most once a minute, one fetch at a time; while the upstream cannot tell, its last
 * list stands for ten minutes, and then the configured names alone. `report` is told once an outage. What callers see is
 * still decided for each of them.
 */
export function openCatalogue(
  upstream: Upstream,
  clock: Clock,
  report: (failure: string) => void,
): () => Promise<readonly ListedModel[]> {
  let listed: readonly ListedModel[] = []
  let listedAt = 0
  let askedAt = Number.NEGATIVE_INFINITY
  let isFailing = false
  let pending: Promise<void> | null = null
  const refresh = async () => {
    try {
      listed = readModels(await fetchModels(upstream))
      listedAt = clock()
      isFailing = false
    } catch (cause) {
      if (!isFailing) report(`the upstream \`${upstream.settings.name}\` does not list its models: ${reasonOf(cause)}`)
      isFailing = true
      if (clock() - listedAt >= STALE_MS) listed = []
    } finally {
      askedAt = clock()
      pending = null
    }
  }
  return async () => {
    if (clock() - askedAt >= FRESH_MS) {
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
    if (length > MAX_BYTES) throw new NoList('the list is larger than a mebibyte')
    chunks.push(chunk)
  }
  if (statusCode !== 200) throw new NoList(`it answers ${statusCode}`)
  const document: JsonValue = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  if (!isJsonObject(document) || !Array.isArray(ownValue(document, 'data')))
    throw new NoList('it answers something else')
  return document
}

/** Why there is no list, in words that hold nothing of the answer. */
class NoList extends Error {}

function reasonOf(cause: unknown): string {
  if (cause instanceof NoList) return cause.message
  if (cause instanceof SyntaxError) return 'it answers no JSON'
  const { code, name } = cause as NodeJS.ErrnoException
  return name === 'TimeoutError' ? `no answer within ${FETCH_MS} ms` : (code ?? 'the connection failed')
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
