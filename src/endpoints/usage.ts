import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { elementStarts, findMember, findMembers, type MemberPlace } from '../model/json-text.ts'
import type { AnswerFacts, Usage } from '../model/request.ts'
import { type MessageCounts, messageCounts, messageUsage } from './message-usage.ts'

const MAX_TEXT = 256
const MAX_REASONS = 128
const MAX_USAGE_CHARACTERS = 64 * 1024

const COMPLETION = ['id', 'model', 'choices', 'usage'] as const
const MESSAGE = ['id', 'model', 'stop_reason', 'usage'] as const
const RESPONSE = ['id', 'model', 'status', 'incomplete_details', 'usage'] as const

/**
 * Collects what the pieces of one answer tell of it. Text is Latin-1, one character a byte; a piece that is no JSON
 * object tells nothing. The upstream may lie: lengths are bounded and types checked, and that is all.
 */
export class AnswerReading {
  #usage: Usage | undefined
  #counts: MessageCounts | undefined
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

  /** The same of a whole answer that is parsed already. */
  takeCompletion(answer: JsonObject): void {
    this.#take(answer)
    const choices = ownValue(answer, 'choices')
    if (!Array.isArray(choices)) return
    for (const choice of choices.slice(0, MAX_REASONS)) {
      if (isJsonObject(choice)) this.#addReason(shortText(ownValue(choice, 'finish_reason')))
    }
  }

  /** The same of a whole response that is parsed already. */
  takeResponse(answer: JsonObject): void {
    const wrapped = ownValue(answer, 'response')
    const response = isJsonObject(wrapped) ? wrapped : answer
    this.#take(response)
    const details = ownValue(response, 'incomplete_details')
    const reason = isJsonObject(details) ? shortText(ownValue(details, 'reason')) : undefined
    this.#end(shortText(ownValue(response, 'status')), reason)
  }

  /** A response, or the event of a stream that carries one. */
  readResponse(text: string, open: number): void {
    const wrapped = findMember(text, open, 'response')
    const at = wrapped && text[wrapped.value] === '{' ? wrapped.value : open
    const [id, model, status, details, usage] = findMembers(text, at, RESPONSE)
    this.#identify(text, id, model)
    this.readUsage(text, usage)
    this.#end(textAt(text, status), details ? textAt(text, findMember(text, details.value, 'reason')) : undefined)
  }

  /** A message of Anthropic's API that is parsed already. */
  takeMessage(answer: JsonObject): void {
    this.#id ??= shortText(ownValue(answer, 'id'))
    this.#model ??= shortText(ownValue(answer, 'model'))
    this.#stop(shortText(ownValue(answer, 'stop_reason')))
    this.#count(ownValue(answer, 'usage'))
  }

  /** The same, or an event of a stream: its beginning has the message, its end a stop reason and the last counts. */
  readMessage(text: string, open: number): void {
    const [wrapped, delta] = findMembers(text, open, ['message', 'delta'])
    const at = wrapped && text[wrapped.value] === '{' ? wrapped.value : open
    const [id, model, reason, usage] = findMembers(text, at, MESSAGE)
    this.#identify(text, id, model)
    this.#stop(textAt(text, reason) ?? textAt(text, delta ? findMember(text, delta.value, 'stop_reason') : null))
    if (usage && usage.end - usage.value <= MAX_USAGE_CHARACTERS)
      this.#count(parsed(text.slice(usage.value, usage.end)))
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
    this.#usage = usageOf(written) ?? this.#usage
  }

  facts(): AnswerFacts {
    return {
      ...(this.#usage ? { usage: this.#usage } : {}),
      ...(this.#id !== undefined ? { responseId: this.#id } : {}),
      ...(this.#model !== undefined ? { responseModel: this.#model } : {}),
      ...(this.#reasons.length > 0 ? { finishReasons: this.#reasons } : {}),
    }
  }

  #take(answer: JsonObject): void {
    this.#id ??= shortText(ownValue(answer, 'id'))
    this.#model ??= shortText(ownValue(answer, 'model'))
    const usage = ownValue(answer, 'usage')
    if (isJsonObject(usage)) this.#usage = usageOf(usage) ?? this.#usage
  }

  #end(status: string | undefined, reason: string | undefined): void {
    if (status === undefined || status === 'in_progress' || status === 'queued') return
    this.#reasons = [reason ?? status]
  }

  #stop(reason: string | undefined): void {
    if (reason !== undefined) this.#reasons = [reason]
  }

  #count(usage: JsonValue | undefined): void {
    if (!isJsonObject(usage)) return
    this.#counts = messageCounts(usage, this.#counts)
    this.#usage = messageUsage(this.#counts) ?? this.#usage
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
  return shortText(parsed(text.slice(place.value, place.end)))
}

function shortText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT ? value : undefined
}

/** Counts by the names that chat completions and embeddings give them, or responses. Undefined where there is none. */
function usageOf(written: JsonObject): Usage | undefined {
  const usage: { -readonly [count in keyof Usage]: number } = {}
  const input = count(written, 'prompt_tokens') ?? count(written, 'input_tokens')
  const output = count(written, 'completion_tokens') ?? count(written, 'output_tokens')
  const cached =
    detail(written, 'prompt_tokens_details', 'cached_tokens') ??
    detail(written, 'input_tokens_details', 'cached_tokens')
  const reasoning =
    detail(written, 'completion_tokens_details', 'reasoning_tokens') ??
    detail(written, 'output_tokens_details', 'reasoning_tokens')
  if (input !== undefined) usage.inputTokens = input
  if (output !== undefined) usage.outputTokens = output
  if (cached !== undefined) usage.cachedTokens = cached
  if (reasoning !== undefined) usage.reasoningTokens = reasoning
  return (input ?? output ?? cached ?? reasoning) === undefined ? undefined : usage
}

function detail(usage: JsonObject, group: string, name: string): number | undefined {
  const details = ownValue(usage, group)
  return isJsonObject(details) ? count(details, name) : undefined
}

function count(usage: JsonObject, name: string): number | undefined {
  const value = ownValue(usage, name)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))
  } catch {
    return undefined
  }
}
