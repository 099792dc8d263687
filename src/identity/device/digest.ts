import { createHash } from 'node:crypto'

/** Of something that nobody can guess: 128 bits of chance and more. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
