const MAX_VALUE = 256
const MAX_LIMIT_HEADERS = 24

/** A media type with parameters, of visible characters. */
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(?:[ \t]*;[ \t]*[a-z0-9_-]+=(?:[^\s";,]+|"[^"\\]*"))*$/i
const VISIBLE = /^[\x20-\x7e]+$/
const LIMIT_NAME = /^x-ratelimit-[a-z0-9-]{1,48}$/

/** What else comes back, each with the form that its value must have. Everything that is not here stays here. */
const PASSED: { readonly [name: string]: RegExp } = {
  'openai-processing-ms': /^[0-9]{1,12}(?:\.[0-9]{1,9})?$/,
  'openai-version': /^[0-9A-Za-z.-]{1,32}$/,
  'retry-after': /^(?:[0-9]{1,9}|[A-Za-z]{3}, [0-9]{2} [A-Za-z]{3} [0-9]{4} [0-9:]{8} GMT)$/,
  'retry-after-ms': /^[0-9]{1,12}(?:\.[0-9]{1,9})?$/,
  'x-should-retry': /^(?:true|false)$/,
}

/** Headers as `node:http` and undici give them: lower-case names, a list for one that stood several times. */
export interface AnswerHead {
  readonly [name: string]: string | readonly string[] | undefined
}

/**
 * The headers of an answer that go back to the client, as name, value…: an allow list, never what names the provider's
 * account, sets a cookie, or speaks of a connection. Does not make: `content-length`, `x-request-id`.
 */
export function answerHeaders(headers: AnswerHead, stream: boolean): string[] {
  const passed = ['content-type', contentType(headers['content-type'])]
  if (stream) passed.push('cache-control', 'no-cache, no-transform', 'x-accel-buffering', 'no')
  let limits = 0
  for (const name in headers) {
    const value = headers[name]
    if (typeof value !== 'string' || value.length > MAX_VALUE) continue
    if (Object.hasOwn(PASSED, name)) {
      if (PASSED[name]?.test(value)) passed.push(name, value)
    } else if (name.startsWith('x-ratelimit-') && LIMIT_NAME.test(name) && VISIBLE.test(value)) {
      if (++limits <= MAX_LIMIT_HEADERS) passed.push(name, value)
    }
  }
  return passed
}

/** Bytes of a type that is absent, malformed or written twice are only bytes. */
function contentType(value: unknown): string {
  if (typeof value === 'string' && value.length <= MAX_VALUE && MEDIA_TYPE.test(value)) return value
  return 'application/octet-stream'
}
