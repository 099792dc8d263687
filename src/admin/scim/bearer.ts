import { hash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../model/secret.ts'

/** Of a header that is worth a look. */
const MAX_HEADER = 8192

export type Shown = 'right' | 'missing' | 'repeated' | 'wrong'

/**
 * Whether the one `Authorization` of a request shows the token. Digests are compared, in constant time, so that neither a
 * part nor the length of it can be guessed. `rawHeaders`: name, value, name, value…
 */
export function bearerShown(rawHeaders: readonly string[], token: Secret): Shown {
  const values = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization',
  )
  const [value, ...more] = values
  if (value === undefined) return 'missing'
  if (more.length > 0) return 'repeated'
  const [, shown] = (value.length <= MAX_HEADER && /^bearer +([\x21-\x7e]+)$/i.exec(value)) || []
  if (shown === undefined) return 'wrong'
  return timingSafeEqual(digestOf(shown), digestOf(token.reveal())) ? 'right' : 'wrong'
}

function digestOf(text: string): Buffer {
  return hash('sha256', `sallyport scim\n${text}`, 'buffer')
}
