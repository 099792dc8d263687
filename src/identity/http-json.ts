import { Agent, request } from 'undici'
import type { JsonObject } from '../model/json.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { readJsonObject } from './strict-json.ts'

export const MAX_DOCUMENT_BYTES = 1024 * 1024

/** Why a document could not be had; these stand in `jwks-failed` events. */
export type FetchFailure = 'unreachable' | 'timeout' | 'redirect' | 'bad_status' | 'too_large' | 'malformed'

/** Fetches JSON documents of identity providers. `close` ends what is under way. */
export interface JsonFetcher {
  fetch(url: string, signal: AbortSignal): Promise<Result<JsonObject, FetchFailure>>
  close(): void
}

/**
 * A fetcher that follows no redirect, reads at most 1 MiB and takes whatever is not a strict JSON object with status
 * 200 for a failure. The caller's signal is the time limit of the whole.
 */
export function openFetcher(): JsonFetcher {
  const agent = new Agent({ connections: 2, keepAliveTimeout: 4000, connect: { timeout: 10_000 } })
  return {
    fetch: (url, signal) => fetchJson(agent, url, signal),
    close: () => void agent.destroy().catch(() => undefined),
  }
}

async function fetchJson(agent: Agent, url: string, signal: AbortSignal): Promise<Result<JsonObject, FetchFailure>> {
  try {
    const headers = { accept: 'application/json, application/jwk-set+json', 'user-agent': 'sallyport' }
    const { statusCode, headers: got, body } = await request(url, { dispatcher: agent, headers, signal })
    const encoded = got['content-encoding'] !== undefined && got['content-encoding'] !== 'identity'
    if (statusCode !== 200 || encoded) {
      body.on('error', () => undefined).destroy()
      if (statusCode >= 300 && statusCode < 400) return failed('redirect')
      return failed(statusCode === 200 ? 'malformed' : 'bad_status')
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
    return failed(signal.aborted ? 'timeout' : 'unreachable')
  }
}
