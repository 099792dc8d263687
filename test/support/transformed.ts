import { parseJsonBody } from '../../src/endpoints/json.ts'
import { route } from '../../src/endpoints/route.ts'
import type { Obligations } from '../../src/model/transforms.ts'
import { shapeRequest } from '../../src/shape/request.ts'

export const TARGETS = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
  messages: '/v1/messages',
  responses: '/v1/responses',
} as const
export type Operation = keyof typeof TARGETS

/** What goes upstream of a body, as text; null where the body is not one that is judged at all. */
export function sent(operation: Operation, text: string, more: Partial<Obligations>, alias: string | null = null) {
  const found = route('POST', TARGETS[operation])
  const body = parseJsonBody(Buffer.from(text))
  if (!found.ok || !body.ok) return null
  const facts = found.value.endpoint.describe(body.value, {})
  if (!facts.ok) return null
  const obligations = { names: [], set: {}, prepend: null, ...more }
  const { model } = facts.value
  const given = {
    route: found.value,
    body: body.value,
    facts: facts.value,
    basePath: '',
    apiKey: null,
    messageHead: null,
    obligations,
  }
  const { body: bytes } = shapeRequest({ ...given, model: alias === null ? model : 'target', alias })
  return { text: String(bytes), judged: body.value.value, isSame: bytes === body.value.bytes }
}
