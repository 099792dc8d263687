import type { Secret } from '../model/secret.ts'
import { KeyGuard } from './key-guard.ts'

/** Takes every one of these keys out of whole messages: see `KeyGuard`. */
export function guardedBy(keys: readonly (Secret | null)[]): (message: Buffer) => Buffer {
  const guards = keys.flatMap((key) => KeyGuard.open(key) ?? [])
  return (message) => guards.reduce(cleaned, message)
}

function cleaned(message: Buffer, guard: KeyGuard): Buffer {
  const clean = guard.push(message)
  const rest = guard.end()
  return rest === null ? clean : Buffer.concat([clean, rest])
}
