import { MAX_DOCUMENT_BYTES } from '../jwt/http-json.ts'
import { readJsonObject } from '../jwt/strict-json.ts'

/** Nothing that can be used came back. */
class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

export interface AskedRequest {
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: NonNullable<RequestInit['body']> | null | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks an issuer as `fetch` does, but follows no redirect, reads at most 1 MiB, and takes JSON that two parsers could read
 * differently for no answer. Rejects with `Unanswered` for whatever is none.
 */
export async function boundedFetch(url: string, asked: AskedRequest, end: AbortSignal, limitMs: number) {
  const signals = [end, AbortSignal.timeout(limitMs), ...(asked.signal === undefined ? [] : [asked.signal])]
  try {
    const response = await fetch(url, {
      method: asked.method,
      headers: { ...asked.headers, 'user-agent': 'sallyport' },
      body: asked.body ?? null,
      redirect: 'manual',
      signal: AbortSignal.any(signals),
    })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      throw new Unanswered('redirect')
    }
    const bytes = await readBody(response)
    const isJson = /[/+]json\s*(?:;|$)/i.test(response.headers.get('content-type') ?? '')
    if (isJson && response.status === 200 && readJsonObject(bytes) === null) throw new Unanswered('malformed')
    return new Response(response.status === 204 || bytes.length === 0 ? null : new Uint8Array(bytes), {
      status: response.status,
      headers: response.headers,
    })
  } catch (error) {
    // What went wrong may quote what was sent.
    throw error instanceof Unanswered ? error : new Unanswered('unreachable')
  }
}

async function readBody(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    // Leaving the loop ends the body and its connection.
    if (length > MAX_DOCUMENT_BYTES) throw new Unanswered('too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}
