import { MARK_KEY, MARK_REST, MARK_VERSION, unmarkedName } from '../model/marks.ts'

/** Between the parts of a pair. More than any writer of JSON indents by. */
const SPACE = '[ \\t\\r\\n]'
const MAX_SPACES = 256

const PAIR = [
  ...letters(`"${MARK_KEY}"`),
  ...[`${SPACE}{0,${MAX_SPACES}}`, ':', `${SPACE}{0,${MAX_SPACES}}`],
  ...['"', ...letters(MARK_VERSION), ...MARK_REST, '"'],
]
const GAP = `${SPACE}{0,${MAX_SPACES}}`
/** A quote behind a backslash opens nothing. */
const WHOLE = new RegExp(`(,${GAP})?(?<!\\\\)${PAIR.join('')}(${GAP},${GAP})?`, 'g')
/** The end of a piece that may be the beginning of a pair, with the comma before it, and the pair that this one is behind. */
const BEGUN = new RegExp(`(?:,${GAP})?(?:${PAIR.join('')}${GAP},${GAP})?${begun([...PAIR, GAP, ',', GAP])}$`)
const MAX_BEGUN = 2 * (5 * MAX_SPACES + PAIR.length + 2)

const BARE = new RegExp(MARK_VERSION + MARK_REST.join(''), 'g')

function letters(text: string): string[] {
  return [...text]
}

/** Any beginning of the parts. */
function begun(parts: readonly string[]): string {
  return parts.reduceRight((rest, part) => `(?:${part}${rest})?`, '')
}

/**
 * Takes marks out of a passing answer, JSON or a stream of events: the pair, and one comma beside it. In JSON the pair can
 * stand in no string, whose quotes are escaped. Holds back only what may become a pair with the next piece.
 */
export class MarkRemover {
  #held = ''

  push(chunk: Buffer): Buffer {
    const text = this.#held + chunk.toString('latin1')
    const from = Math.max(0, text.length - MAX_BEGUN)
    const begins = from + text.slice(from).search(BEGUN)
    this.#held = begins < from ? '' : text.slice(begins)
    const sent = begins < from ? text : text.slice(0, begins)
    if (this.#held === '' && sent.length === chunk.length && !sent.includes(MARK_VERSION)) return chunk
    return Buffer.from(without(sent), 'latin1')
  }

  end(): Buffer | null {
    const rest = without(this.#held)
    this.#held = ''
    return rest === '' ? null : Buffer.from(rest, 'latin1')
  }
}

function without(text: string): string {
  if (!text.includes(MARK_VERSION)) return text
  return text.replace(WHOLE, (_, before?: string, after?: string) => (before && after ? ',' : ''))
}

/** An error of the upstream without marks: it may quote them, and names that they stand in, in any words. */
export function unmarkedError(body: Buffer): Buffer {
  const text = body.toString('latin1')
  if (!text.includes(MARK_VERSION)) return body
  return Buffer.from(unmarkedName(without(text)).replace(BARE, '[mark]'), 'latin1')
}
