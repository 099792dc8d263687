import { describe } from '../unit/endpoints/described.ts'

/** A request with what it is about beside the least that it needs. */
export const ask = (more: object) => ({
  model: 'claude-x',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
})
export const says = (...content: object[]) => ask({ messages: [{ role: 'user', content }] })
export const tools = (...list: unknown[]) => ask({ tools: list })
export const image = (source: object) => ({ type: 'image', source })
export const document = (source: object) => ({ type: 'document', source })

export const PLAIN = {
  operation: 'messages',
  model: 'claude-x',
  nestedModels: [] as string[],
  stream: false,
  maxOutputTokens: 100 as number | undefined,
  functions: [] as string[],
  hosted: [] as string[],
  media: [] as string[],
  urls: [] as string[],
  objects: [] as string[],
}

export type Facts = typeof PLAIN

export function factsOf(body: unknown, operation = 'messages'): Facts | { refused: string | null } {
  const facts = describe(operation, body)
  if ('refused' in facts) return facts
  const { tools: named, input, urls, objects, nestedModels, maxOutputTokens, stream, model } = facts
  return {
    operation: facts.operation,
    model: String(model),
    nestedModels: [...nestedModels],
    stream,
    maxOutputTokens,
    functions: [...named.functions],
    hosted: [...named.hosted],
    media: (['images', 'files', 'audio'] as const).filter((medium) => input[medium]),
    urls: [...urls],
    objects: objects.map(({ key, id }) => `${key} ${id}`),
  }
}
