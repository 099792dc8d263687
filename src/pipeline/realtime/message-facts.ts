import type { ClientMessage } from '../../endpoints/realtime/client-message.ts'
import { isJsonObject, type JsonBody, ownValue } from '../../model/json.ts'
import type { RequestFacts } from '../../model/request.ts'

/** A session in which nothing is being said. */
export function idle(facts: RequestFacts): ClientMessage {
  return { type: '', effect: 'adds', named: [], limit: 'unsaid', turns: 'unsaid', creates: null, removes: null, facts }
}

export function withModels(facts: RequestFacts, models: readonly string[]): RequestFacts {
  return { ...facts, nestedModels: [...new Set([...facts.nestedModels, ...models])] }
}

export function namesPrompt({ value }: JsonBody): boolean {
  return ['session', 'response'].some((name) => {
    const part = ownValue(value, name)
    return isJsonObject(part) && (ownValue(part, 'prompt') ?? null) !== null
  })
}
