import { isUtf8 } from 'node:buffer'
import { failed, ok, type Result } from '../../model/result.ts'

const MAX_PARAMETERS = 64
const NONE: ReadonlyMap<string, string> = new Map()

/** Why parameters are not read, as the end of a sentence. */
export type ParameterDefect = string

/**
 * Reads `application/x-www-form-urlencoded` strictly: visible ASCII, whole percent-encodings, UTF-8 in them, each name
 * once. A form that two readers could take for different ones is refused.
 */
export function readParameters(text: string): Result<ReadonlyMap<string, string>, ParameterDefect> {
  if (text === '') return ok(NONE)
  const found = new Map<string, string>()
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = decoded(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === null || value === null || name === '') return failed('is not encoded as it must be')
    if (found.has(name)) return failed('has a name twice')
    if (found.size === MAX_PARAMETERS) return failed('has too many parameters')
    found.set(name, value)
  }
  return ok(found)
}

/** The same of the bytes of a form. */
export function readForm(bytes: Buffer): Result<ReadonlyMap<string, string>, ParameterDefect> {
  return isUtf8(bytes) ? readParameters(bytes.toString('utf8')) : failed('is not encoded as it must be')
}

function decoded(written: string): string | null {
  if (/[^\x21-\x7e]/.test(written)) return null
  try {
    return decodeURIComponent(written.replaceAll('+', ' '))
  } catch {
    return null
  }
}
