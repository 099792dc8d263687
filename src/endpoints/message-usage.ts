import { isJsonObject, type JsonObject, ownValue } from '../model/json.ts'
import type { Usage } from '../model/request.ts'

/** Tokens as the Messages API counts them; what was not told is absent. */
export interface MessageCounts {
  /** Neither read from a cache nor written to one. */
  readonly input: number | undefined
  readonly cacheRead: number | undefined
  readonly cacheWritten: number | undefined
  readonly output: number | undefined
  readonly thinking: number | undefined
}

/** The counts after one more `usage`: in a stream they are totals so far, and what a later one leaves out stands. */
export function messageCounts(usage: JsonObject, before: MessageCounts | undefined): MessageCounts {
  const details = ownValue(usage, 'output_tokens_details')
  return {
    input: count(usage, 'input_tokens') ?? before?.input,
    cacheRead: count(usage, 'cache_read_input_tokens') ?? before?.cacheRead,
    cacheWritten: count(usage, 'cache_creation_input_tokens') ?? before?.cacheWritten,
    output: count(usage, 'output_tokens') ?? before?.output,
    thinking: (isJsonObject(details) ? count(details, 'thinking_tokens') : undefined) ?? before?.thinking,
  }
}

/**
 * The counts in the words of all answers: the input is all of it, cached or not. Undefined where nothing was told.
 *
 * Source: OpenTelemetry's GenAI conventions (`gen_ai.usage.input_tokens` includes what was cached).
 */
export function messageUsage({ input, cacheRead, cacheWritten, output, thinking }: MessageCounts): Usage | undefined {
  const usage: { -readonly [count in keyof Usage]: number } = {}
  if (input !== undefined) usage.inputTokens = input + (cacheRead ?? 0) + (cacheWritten ?? 0)
  if (output !== undefined) usage.outputTokens = output
  if (cacheRead !== undefined) usage.cachedTokens = cacheRead
  if (thinking !== undefined) usage.reasoningTokens = thinking
  return (input ?? output ?? cacheRead ?? thinking) === undefined ? undefined : usage
}

function count(usage: JsonObject, name: string): number | undefined {
  const value = ownValue(usage, name)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
