import { Agent, type Dispatcher, request } from 'undici'
import type { JsonObject } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { readJsonObject } from './strict-json.ts'

export const MAX_DOCUMENT_BYTES = 1024 * 1024

/** Why a document could not be had; these stand in the events that tell of it. */
export type FetchFailure =
  | 'unreachable'
  | 'timeout'
  | 'redirect'
  | 'bad_status'
  | 'client_refused'
  | 'too_large'
  | 'malformed'

/** A form that is posted by a client that says who it is. */
export interface PostedForm {
  readonly form: string
  readonly authorization: string
}

/** Fetches JSON documents of identity providers. `close` ends what is under way. */
export interface JsonFetcher {
  fetch(url: string, signal: AbortSignal): Promise<Result<JsonObject, FetchFailure>>
  /** The answer has to say that it is JSON. `client_refused`: the provider does not know this client. */
  post(url: string, posted: PostedForm, signal: AbortSignal): Promise<Result<JsonObject, FetchFailure>>
  close(): void
}

/**
 * A fetcher that follows no redirect, reads at most 1 MiB and takes whatever is not a strict JSON object with status
 * 200 for a failure. The caller's signal is the time limit of the whole.
 */
export function openFetcher(connections = 2): JsonFetcher {
  const agent = new Agent({ connections, keepAliveTimeout: 4000, connect: { timeout: 10_000 } })
  const read = (url: string, options: Asked) => readJson(url, { ...options, dispatcher: agent })
  return {
    fetch: (url, signal) =>
      read(url, { headers: { ...HEADERS, accept: 'application/json, application/jwk-set+json' }, signal }),
    post: (url, { form, authorization }, signal) => {
      const headers = {
        ...HEADERS,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        authorization,
      }
      return read(url, { method: 'POST', headers, body: form, signal })
    },
    close: () => void agent.destroy().catch(() => undefined),
  }
}

const HEADERS = { 'user-agent': 'sallyport' } as const

interface Asked {
  readonly method?: 'POST'
  readonly headers: { readonly [name: string]: string }
  readonly body?: string
  readonly signal: AbortSignal
}

async function readJson(
  url: string,
  { headers, ...asked }: Asked & { readonly dispatcher: Dispatcher },
): Promise<Result<JsonObject, FetchFailure>> {
  try {
    const { statusCode, headers: got, body } = await request(url, { ...asked, headers: { ...headers } })
    const encoded = got['content-encoding'] !== undefined && got['content-encoding'] !== 'identity'
    const isTyped = asked.method !== 'POST' || isJsonType(got['content-type'])
    if (statusCode !== 200 || encoded || !isTyped) {
      body.on('error', () => undefined).destroy()
      return failed(statusCode === 200 ? 'malformed' : statusFailure(statusCode))
    }
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length
      // Leaving the loop destroys the body and its connection.
      if (length > MAX_DOCUMENT_BYTES) return failed('too_large')
      chunks.push(chunk)
    }
    const document = readJsonObject(Buffer.concat(chunks, length))
    return document === null ? failed('malformed') : ok(document)
  } catch {
    return failed(asked.signal.aborted ? 'timeout' : 'unreachable')
  }
}

function statusFailure(status: number): FetchFailure {
  if (status >= 300 && status < 400) return 'redirect'
  return status === 401 || status === 403 ? 'client_refused' : 'bad_status'
}

/** A page of HTML with status 200 is no answer, and neither is one that two readers could take for different types. */
function isJsonType(type: string | string[] | undefined): boolean {
  return typeof type === 'string' && /^application\/json[ \t]*(?:;[^,]*)?$/i.test(type)
}
