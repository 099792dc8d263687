import type { Secret } from '../../model/secret.ts'
import { KeyGuard } from '../../upstream/key-guard.ts'

/** Takes the provider's own key out of messages of the upstream; null where there is none. */
export function withoutKey(apiKey: Secret | null): (message: Buffer) => Buffer {
  const guard = KeyGuard.open(apiKey)
  if (guard === null) return (message) => message
  return (message) => {
    const clean = guard.push(message)
    const rest = guard.end()
    return rest === null ? clean : Buffer.concat([clean, rest])
  }
}
