import type { KeyGuard } from '../../upstream/key-guard.ts'

/** A message of the upstream without the provider's own key; null guards nothing. */
export function withoutKey(guard: KeyGuard | null, message: Buffer): Buffer {
  if (guard === null) return message
  const clean = guard.push(message)
  const rest = guard.end()
  return rest === null ? clean : Buffer.concat([clean, rest])
}
