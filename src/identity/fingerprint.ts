import { hash } from 'node:crypto'
import { Secret } from '../model/secret.ts'

/** Equal only for settings that are the same, their secrets too; it tells nothing of them. */
export function fingerprintOf(...settings: readonly unknown[]): string {
  const text = JSON.stringify(settings, function (this: Readonly<Record<string, unknown>>, key, value: unknown) {
    // What a secret says of itself is the same for all of them.
    const written = this[key]
    return written instanceof Secret ? written.reveal() : value
  })
  return hash('sha256', text)
}
