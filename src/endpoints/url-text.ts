import { type Fault, fault } from '../model/fault.ts'
import type { ObjectReference } from '../model/objects.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { QueryForm } from './endpoint.ts'
import { modelNameProblem } from './model-name.ts'

/**
 * Decodes one path segment or query text once. Null when it is malformed, not UTF-8, or encodes what needs no encoding:
 * of two spellings of one name only the one that encoders write is taken.
 */
export function decodeStrictly(text: string): string | null {
  if (!text.includes('%')) return text
  // Letters, digits, `-`, `.`, `_` and `~` (RFC 3986 section 2.3), and what encodeURIComponent leaves besides.
  if (/%(?:2[Dd]|2[Ee]|5[Ff]|7[Ee]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])/.test(text)) return null
  return decodeAny(text)
}

function decodeAny(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** What a query says: its text in canonical form, the model and the objects that it names. */
export interface QueryText {
  readonly text: string
  readonly model: string | undefined
  readonly objects: readonly ObjectReference[]
}

const MAX_ID = 256
const NO_OBJECTS: readonly ObjectReference[] = Object.freeze([])

/**
 * Keeps the parameters that an endpoint names, each at most once but lists (`include[]`), written canonically in the
 * order of the query; the others are dropped. Faults: `invalid_request` for malformed encoding anywhere, a named parameter
 * that stands twice, and what cannot be an id or a model's name where one belongs.
 */
export function readQuery(written: string, form: QueryForm): Result<QueryText, Fault> {
  const kept: [string, string][] = []
  const seen = new Set<string>()
  let model: string | undefined
  const objects: ObjectReference[] = []
  for (const pair of written.split('&')) {
    const equals = pair.indexOf('=')
    const name = decodeForm(equals === -1 ? pair : pair.slice(0, equals))
    const value = decodeForm(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === null || value === null) return invalid('the query is not percent-encoded as it must be', 'query')
    const kind = meaning(form, name)
    if (kind === undefined) continue
    if (seen.has(name) && !name.endsWith('[]')) return invalid(`the query parameter \`${name}\` may stand once`, name)
    seen.add(name)
    // One spelling of yes: engines that also take `1` or `on` for it would stream what was judged not to.
    if (kind === 'flag' && value !== 'true' && value !== 'false') {
      return invalid(`the query parameter \`${name}\` must be true or false`, name)
    }
    kept.push([name, value])
    if (kind === null || kind === 'flag' || value === '') continue
    if (kind === 'model') {
      const problem = modelNameProblem(value)
      if (problem !== null) return invalid(`the model's name ${problem}`, name)
      model = value
    } else {
      if (value.length > MAX_ID) return invalid(`\`${name}\` must be an id of at most ${MAX_ID} characters`, name)
      objects.push({ key: name, kind, id: value })
    }
  }
  const text = kept.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  return ok({ text, model, objects: objects.length === 0 ? NO_OBJECTS : objects })
}

/** What the endpoint takes a parameter for; undefined for one that it does not name. */
function meaning(form: QueryForm, name: string): QueryForm[string] | undefined {
  if (Object.hasOwn(form, name) && !name.endsWith('[*]')) return form[name]
  const open = name.indexOf('[')
  if (open <= 0 || !/^\[[^[\]]{1,64}\]$/.test(name.slice(open))) return undefined
  const any = `${name.slice(0, open)}[*]`
  return Object.hasOwn(form, any) ? form[any] : undefined
}

function decodeForm(text: string): string | null {
  return decodeAny(text.replaceAll('+', ' '))
}

function invalid(message: string, param: string): Result<never, Fault> {
  return failed(fault('invalid_request', message, { param, reason: 'head_malformed' }))
}
