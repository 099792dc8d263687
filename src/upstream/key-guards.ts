import type { Secret } from '../model/secret.ts'
import { KeyGuard } from './key-guard.ts'

/** Takes every one of these keys out of whole messages: see `KeyGuard`. */
export function guardedBy(keys: readonly (Secret | null)[]): (message: Buffer) => Buffer {
  const guards = keys.flatMap((key) => KeyGuard.open(key) ?? [])
  return (message) => guards.reduce(cleaned, message)
}

/** Header values (name, value…) without every one of these keys. */
export function headersWithout(keys: readonly (Secret | null)[], headers: string[]): string[] {
  return keys.reduce((clean, key) => KeyGuard.open(key)?.headers(clean) ?? clean, headers)
}

function cleaned(message: Buffer, guard: KeyGuard): Buffer {
  const clean = guard.push(message)
  const rest = guard.end()
  return rest === null ? clean : Buffer.concat([clean, rest])
}
