import Anthropic from '@anthropic-ai/sdk'
import type { Test } from 'tap'
import { speakMessages } from './message-answers.ts'
import { ALICE, startWorld, type World } from './world.ts'

const POLICY = {
  version: 1,
  aliases: { quick: 'claude-small' },
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [
    { id: 'listing', effect: 'allow', roles: ['analyst'], operations: ['models.list', 'models.get'] },
    {
      id: 'counting',
      effect: 'allow',
      roles: ['analyst'],
      models: ['claude-small*'],
      operations: ['messages.count_tokens'],
    },
    { id: 'chat', effect: 'allow', roles: ['analyst'], operations: ['chat'] },
    {
      id: 'messages',
      effect: 'allow',
      roles: ['analyst'],
      models: ['claude-small*', 'gpt-small'],
      operations: ['messages'],
      when: { max_output_tokens: { at_most: 1000 }, tools: { functions: ['weather'], hosted: [] } },
    },
  ],
  transforms: [
    { id: 'short', operations: ['messages'], set: { max_output_tokens: 500 }, system: { prepend: 'Be kind.' } },
  ],
}

export const asked = (more: object = {}) => ({
  model: 'claude-small',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'hello' }],
  ...more,
})
export const weather = {
  name: 'weather',
  input_schema: { type: 'object' as const, properties: { url: { type: 'string' } } },
}

export interface Scene {
  readonly world: World
  client(key: string, maxRetries?: number): Anthropic
  readonly alice: Anthropic
  /** Both events of a request. */
  ended(id: string | null | undefined): Promise<{ decision: Line; complete: Line }>
  /** What the upstream got last. */
  last(): { body: Record<string, unknown>; header(name: string): string | undefined }
}
export type Line = Awaited<ReturnType<World['proxy']['audit']['decision']>>

/** The SDK before the proxy, and a server of the Messages API behind it. */
export async function openScene(t: Test): Promise<Scene> {
  const world = await startWorld(t, { policy: POLICY, messages: true })
  speakMessages(world.model)
  const baseURL = world.proxy.baseUrl.replace(/\/v1$/, '')
  const client = (apiKey: string, maxRetries = 0) => new Anthropic({ baseURL, apiKey, maxRetries })
  return {
    world,
    client,
    alice: client(await world.token(ALICE)),
    ended: async (id) => ({
      decision: await world.proxy.audit.decision(id ?? ''),
      complete: await world.proxy.audit.complete(id ?? ''),
    }),
    last: () => {
      const request = world.model.requests.at(-1)
      return { body: JSON.parse(String(request?.body)), header: (name) => request?.header(name) }
    },
  }
}

/** What the SDK gives for a request that asks for a stream, whose type it tells by the literal alone. */
export async function* eventsOf(stream: unknown): AsyncGenerator<Anthropic.MessageStreamEvent> {
  yield* stream as AsyncIterable<Anthropic.MessageStreamEvent>
}
