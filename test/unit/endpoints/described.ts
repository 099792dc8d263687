import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import type { RequestFacts } from '../../../src/model/request.ts'

/** The facts of a body, or the parameter that its refusal names. */
export function describe(operation: string, body: unknown): RequestFacts | { refused: string | null } {
  const parsed = parseJsonBody(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
  if (!parsed.ok) return { refused: `body: ${parsed.fault.message}` }
  const endpoint = ENDPOINTS.find((entry) => entry.operation === operation)
  if (!endpoint) throw new Error(`no endpoint ${operation}`)
  const facts = endpoint.describe(parsed.value, {})
  if (facts.ok) return facts.value
  if (facts.fault.code !== 'invalid_body') throw new Error(facts.fault.code)
  return { refused: facts.fault.param }
}

/** Only the facts that differ from those of a body that says nothing. */
export function unusual(operation: string, body: unknown): object {
  const facts = describe(operation, body)
  if ('refused' in facts) return facts
  const { functions, hosted } = facts.tools
  const { images, files, audio } = facts.input
  const found = {
    model: facts.model === 'm' ? undefined : (facts.model ?? null),
    nested: [...facts.nestedModels],
    stream: facts.stream,
    limit: facts.maxOutputTokens,
    functions: [...functions],
    hosted: [...hosted],
    images,
    files,
    audio,
    urls: [...facts.urls],
    objects: facts.objects.map(({ key, id }) => `${key}=${id}`),
  }
  const told = Object.entries(found).filter(
    ([, value]) => value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0),
  )
  return Object.fromEntries(told)
}
