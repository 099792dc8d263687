import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { isJsonObject } from '../../src/model/json.ts'
import { Log } from './within.ts'

/** One line of the audit stream. */
export class AuditLine {
  readonly text: string
  readonly event: JsonObject

  constructor(text: string) {
    this.text = text
    this.event = JSON.parse(text)
  }

  /** The member at a dotted path; undefined when it is absent. */
  get(path: string): JsonValue | undefined {
    let value: JsonValue | undefined = this.event
    for (const step of path.split('.')) {
      if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined
      value = value[step]
    }
    return value
  }

  get action(): string {
    return String(this.get('event.action'))
  }

  get requestId(): string | undefined {
    const id = this.get('http.request.id')
    return typeof id === 'string' ? id : undefined
  }

  get stage(): JsonValue | undefined {
    return this.get('sallyport.stage')
  }
}

/** Splits a stream of bytes into audit lines; a line without its end is no event. */
export class AuditStream {
  readonly lines = new Log<AuditLine>()
  #rest = ''
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })

  push(chunk: Buffer): void {
    const parts = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) this.lines.push(new AuditLine(part))
  }

  /** All that was read, for searches of what must not stand in it. */
  get text(): string {
    return `${this.all()
      .map(({ text }) => `${text}\n`)
      .join('')}${this.#rest}`
  }

  all(): readonly AuditLine[] {
    return this.lines.entries
  }

  withAction(action: string): readonly AuditLine[] {
    return this.all().filter((line) => line.action === action)
  }

  /** The `number`th event (from 1) with this action, now or later. */
  action(action: string, number = 1, ms?: number): Promise<AuditLine> {
    return this.lines.until(
      (lines) => lines.filter((line) => line.action === action)[number - 1],
      `audit event ${number} \`${action}\``,
      ms,
    )
  }

  ofRequest(id: string): readonly AuditLine[] {
    return this.all().filter((line) => line.requestId === id)
  }

  decision(id: string): Promise<AuditLine> {
    return this.#stage(id, 'decision')
  }

  complete(id: string): Promise<AuditLine> {
    return this.#stage(id, 'complete')
  }

  #stage(id: string, stage: 'decision' | 'complete'): Promise<AuditLine> {
    return this.lines.until(
      (lines) => lines.find((line) => line.requestId === id && line.stage === stage),
      `the ${stage} event of ${id}`,
    )
  }
}
