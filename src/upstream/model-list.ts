import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { Upstream } from './pools.ts'

const FETCH_MS = 5000
const MAX_BYTES = 1024 * 1024
const MAX_MODELS = 5000
/** Of a list that comes in pages: as many as hold all models. */
const PAGE = 1000
const MAX_PAGES = MAX_MODELS / PAGE
const ANTHROPIC_VERSION = '2023-06-01'

/** One model as `GET /v1/models` lists it. */
export interface ListedModel {
  readonly id: string
  readonly created: number
  readonly ownedBy: string
}

/** Why there is no list, in words that hold nothing of the answer. */
class NoList extends Error {}

export function reasonOf(cause: unknown): string {
  if (cause instanceof NoList) return cause.message
  if (cause instanceof SyntaxError) return 'it answers no JSON'
  const { code, name } = cause as NodeJS.ErrnoException
  return name === 'TimeoutError' ? `no answer within ${FETCH_MS} ms` : (code ?? 'the connection failed')
}

/** The models that an upstream says it has, as its API lists them: whole, or page by page. Throws where it cannot tell. */
export async function listModels(upstream: Upstream): Promise<readonly ListedModel[]> {
  const signal = AbortSignal.timeout(FETCH_MS)
  if (upstream.settings.kind === 'openai') return readModels(await fetchPage(upstream, '/models', signal))
  const models: ListedModel[] = []
  let query = `?limit=${PAGE}`
  for (let page = 0; page < MAX_PAGES; page++) {
    const document = await fetchPage(upstream, `/models${query}`, signal)
    models.push(...readModels(document))
    const last = ownValue(document, 'last_id')
    if (ownValue(document, 'has_more') !== true || typeof last !== 'string' || last === '') break
    query = `?limit=${PAGE}&after_id=${encodeURIComponent(last.slice(0, 256))}`
  }
  return models.slice(0, MAX_MODELS)
}

async function fetchPage(upstream: Upstream, target: string, signal: AbortSignal): Promise<JsonObject> {
  const { statusCode, body } = await upstream.pool.request({
    path: upstream.basePath + target,
    method: 'GET',
    headers: { accept: 'application/json', ...credentials(upstream) },
    signal,
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

function credentials({ settings }: Upstream): { readonly [header: string]: string } {
  const key = settings.apiKey?.reveal()
  if (settings.kind === 'openai') return key === undefined ? {} : { authorization: `Bearer ${key}` }
  return { 'anthropic-version': ANTHROPIC_VERSION, ...(key === undefined ? {} : { 'x-api-key': key }) }
}

function readModels(document: JsonObject): readonly ListedModel[] {
  const entries = ownValue(document, 'data')
  if (!Array.isArray(entries)) return []
  return entries.slice(0, MAX_MODELS).filter(isJsonObject).flatMap(readModel)
}

function readModel(entry: JsonObject): ListedModel[] {
  const id = ownValue(entry, 'id')
  const ownedBy = ownValue(entry, 'owned_by')
  if (typeof id !== 'string' || id === '' || id.length > 256) return []
  return [
    { id, created: createdOf(entry), ownedBy: typeof ownedBy === 'string' && ownedBy.length <= 256 ? ownedBy : '' },
  ]
}

/** Epoch seconds: of OpenAI's API as they are, of Anthropic's from a time in RFC 3339. */
function createdOf(entry: JsonObject): number {
  const created = ownValue(entry, 'created')
  if (typeof created === 'number' && Number.isSafeInteger(created)) return created
  const written = ownValue(entry, 'created_at')
  const at = typeof written === 'string' && written.length <= 40 ? Date.parse(written) : Number.NaN
  return Number.isNaN(at) ? 0 : Math.trunc(at / 1000)
}
