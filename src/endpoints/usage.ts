import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { elementStarts, findMember, findMembers, type MemberPlace } from '../model/json-text.ts'
import type { AnswerFacts, Usage } from '../model/request.ts'

const MAX_TEXT = 256
const MAX_REASONS = 128
const MAX_USAGE_CHARACTERS = 64 * 1024

/** Each count by the names that answers give it: of chat completions and embeddings, and of responses. */
const COUNTS: { readonly [count in keyof Usage]-?: readonly (readonly string[])[] } = {
  inputTokens: [['prompt_tokens'], ['input_tokens']],
  outputTokens: [['completion_tokens'], ['output_tokens']],
  cachedTokens: [
    ['prompt_tokens_details', 'cached_tokens'],
    ['input_tokens_details', 'cached_tokens'],
  ],
  reasoningTokens: [
    ['completion_tokens_details', 'reasoning_tokens'],
    ['output_tokens_details', 'reasoning_tokens'],
  ],
}

const COMPLETION = ['id', 'model', 'choices', 'usage'] as const
const RESPONSE = ['id', 'model', 'status', 'incomplete_details', 'usage'] as const

/**
 * Collects what the pieces of one answer tell of it. Text is Latin-1, one character a byte; a piece that is no JSON
 * object tells nothing. The upstream may lie: lengths are bounded and types checked, and that is all.
 */
export class AnswerReading {
  #usage: Usage | undefined
  #id: string | undefined
  #model: string | undefined
  #reasons: string[] = []

  /** Both the answer's id and its model are known. */
  get identified(): boolean {
    return this.#id !== undefined && this.#model !== undefined
  }

  /** A chat completion, a completion, or one chunk of either. Answers with the place of `choices` and `usage`. */
  readCompletion(text: string, open: number): { choices: MemberPlace | null; usage: MemberPlace | null } {
    const [id, model, choices, usage] = findMembers(text, open, COMPLETION)
    this.#identify(text, id, model)
    if (choices) {
      for (const start of elementStarts(text, choices.value, MAX_REASONS)) {
        this.#addReason(textAt(text, findMember(text, start, 'finish_reason')))
      }
    }
    this.readUsage(text, usage)
    return { choices: choices ?? null, usage: usage ?? null }
  }

  /** A response, or the event of a stream that carries one. */
  readResponse(text: string, open: number): void {
    const wrapped = findMember(text, open, 'response')
    const at = wrapped && text[wrapped.value] === '{' ? wrapped.value : open
    const [id, model, status, details, usage] = findMembers(text, at, RESPONSE)
    this.#identify(text, id, model)
    this.readUsage(text, usage)
    const ended = textAt(text, status)
    if (ended === undefined || ended === 'in_progress' || ended === 'queued') return
    const reason = details ? textAt(text, findMember(text, details.value, 'reason')) : undefined
    this.#reasons = [reason ?? ended]
  }

  /** The head or the tail of an embeddings answer, whose vectors are not looked at. */
  readEdge(text: string): void {
    const usage = text.lastIndexOf('"usage"')
    if (usage !== -1) this.readUsage(text, findMember(`{${text.slice(usage)}`, 0, 'usage'), usage - 1)
    const model = text.lastIndexOf('"model"')
    if (model === -1) return
    const cut = `{${text.slice(model)}`
    this.#identify(cut, undefined, findMember(cut, 0, 'model'))
  }

  /** Counts of a later piece replace those of an earlier one. `shift` moves the place into another text. */
  readUsage(text: string, place: MemberPlace | null | undefined, shift = 0): void {
    if (!place || place.end - place.value > MAX_USAGE_CHARACTERS) return
    const written = parsed(text.slice(place.value + shift, place.end + shift))
    if (!isJsonObject(written)) return
    const usage: { -readonly [count in keyof Usage]: number } = {}
    for (const [count, paths] of Object.entries(COUNTS)) {
      const value = paths.map((path) => countAt(written, path)).find((found) => found !== undefined)
      if (value !== undefined) usage[count as keyof Usage] = value
    }
    if (Object.keys(usage).length > 0) this.#usage = usage
  }

  facts(): AnswerFacts {
    return {
      ...(this.#usage ? { usage: this.#usage } : {}),
      ...(this.#id !== undefined ? { responseId: this.#id } : {}),
      ...(this.#model !== undefined ? { responseModel: this.#model } : {}),
      ...(this.#reasons.length > 0 ? { finishReasons: this.#reasons } : {}),
    }
  }

  #identify(text: string, id: MemberPlace | null | undefined, model: MemberPlace | null | undefined): void {
    this.#id ??= textAt(text, id)
    this.#model ??= textAt(text, model)
  }

  #addReason(reason: string | undefined): void {
    if (reason !== undefined && this.#reasons.length < MAX_REASONS) this.#reasons.push(reason)
  }
}

/** A string of 1 to 256 characters. An empty one tells nothing: some upstreams begin a stream with it. */
function textAt(text: string, place: MemberPlace | null | undefined): string | undefined {
  if (!place || text[place.value] !== '"' || place.end - place.value > MAX_TEXT * 6 + 2) return undefined
  const value = parsed(text.slice(place.value, place.end))
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT ? value : undefined
}

function countAt(usage: JsonObject, path: readonly string[]): number | undefined {
  let value: JsonValue | undefined = usage
  for (const name of path) value = isJsonObject(value) ? ownValue(value, name) : undefined
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))
  } catch {
    return undefined
  }
}
