import type { JsonObject } from '../model/json.ts'
import { NAMES_REQUEST } from '../model/object-members.ts'
import { foldKey } from './key-names.ts'

/** As keys are compared: engines call the request `rid`, too. */
const FOLDED: ReadonlySet<string> = new Set(['rid', ...NAMES_REQUEST.map((key) => foldKey(key))])

/**
 * The member at the top of a body, or the field of a form, by which its caller names the request itself; null where there
 * is none. Engines (vLLM, SGLang) take that for the id of the answer, and store it under it: where callers are kept apart
 * that would be anybody's id, sealed for this caller.
 */
export function namesAnswer(written: JsonObject | null, fields: readonly { readonly name: string }[]): string | null {
  for (const key in written) if (isOne(key)) return key
  for (const { name } of fields) if (isOne(rootOf(name))) return name
  return null
}

/** All of them end in `d`: of another key only the last character is looked at. */
function isOne(key: string): boolean {
  const last = key.charCodeAt(key.length - 1)
  const isOther = (last >= 48 && last <= 57) || ((last | 32) >= 97 && (last | 32) <= 122 && (last | 32) !== 100)
  return !isOther && FOLDED.has(foldKey(key))
}

function rootOf(name: string): string {
  const open = name.indexOf('[')
  return open === -1 ? name : name.slice(0, open)
}
