import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { type AnswerForm, type AnswerFormName, answerForm } from '../../src/endpoints/answer-forms.ts'
import { openAnswerSealer } from '../../src/endpoints/seal-answer.ts'
import { EventSplitter, eventData } from '../../src/endpoints/sse.ts'

/** A suffix that shows what was sealed; `unsealable` cannot be. */
export const suffixOf = (id: string) => (/^[\w.-]{1,40}$/.test(id) && id !== 'unsealable' ? `~${id.length}~` : null)

export function pass(form: AnswerFormName, kind: 'json' | 'sse', chunks: readonly Buffer[]): Buffer {
  const sealer = openAnswerSealer(answerForm(form), kind, suffixOf)
  return Buffer.concat([...chunks.map((chunk) => sealer.push(chunk)), sealer.end() ?? Buffer.alloc(0)])
}

export function passText(form: AnswerFormName, text: string, kind: 'json' | 'sse' = 'json'): string {
  return pass(form, kind, [Buffer.from(text)]).toString()
}

/** The same by parsing and walking: what the value of one answer is sealed. */
function sealedValue(value: unknown, form: AnswerForm): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, sealedMember(member, form.seals(key), form.member(key))]),
  )
}

function sealedMember(value: unknown, isId: boolean, form: AnswerForm | null): unknown {
  if (typeof value === 'string') return isId ? value + (suffixOf(value) ?? '') : value
  if (Array.isArray(value)) {
    return value.map((element) => (Array.isArray(element) ? element : sealedMember(element, isId, form)))
  }
  return form ? sealedValue(value, form) : value
}

/** True when `out` reads as the sealed reading of `text`, and is `text` but for the seals. */
export function isSealed(form: AnswerFormName, text: string, out: string): boolean {
  const read = JSON.parse(text)
  const sealed = Array.isArray(read)
    ? read.map((element) => sealedValue(element, answerForm(form)))
    : sealedValue(read, answerForm(form))
  return isDeepStrictEqual(JSON.parse(out), sealed) && out.replaceAll(/~\d+~/g, '') === text
}

export function eventsOf(stream: Buffer): string[] {
  const texts: string[] = []
  const take = (bytes: Buffer) => {
    const data = eventData(bytes.toString('latin1'), texts.length === 0)
    texts.push(data === null ? '' : Buffer.from(data.text, 'latin1').toString())
  }
  const splitter = new EventSplitter({ event: take, loose: take })
  splitter.push(stream)
  const last = splitter.end()
  if (last) take(last)
  return texts
}

const KEYS = [
  ...[
    'id',
    'file_id',
    'file_ids',
    'first_id',
    'last_id',
    'call_id',
    'thing_id',
    'previous_response_id',
    'conversation',
  ],
  ...['data', 'output', 'content', 'annotations', 'item', 'response', 'tools', 'container', 'result_files', 'delta'],
  ...['metadata', 'text', 'choices', 'message', 'audio', 'data_source', 'source', 'step_details', 'tool_calls', 'x'],
]
const VALUES = [
  'file-1',
  'resp_2',
  '',
  'unsealable',
  'id',
  'a b',
  'a"b\\',
  '\\\\',
  'é😀\ud800',
  '\u2028',
  'x'.repeat(300),
]

/** Any value under the keys that matter, and as it may be written: spaces, escapes in keys and strings, large numbers. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...VALUES) },
      fc.constantFrom(true, false, null, 0, -1.5e300, 2 ** 64),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    { weight: 3, arbitrary: fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 4 }) },
  ),
}))
const style = fc.infiniteStream(fc.nat(9))
export const jsonText = fc.tuple(value, style).map(([value, style]) => written(value, style))

function written(value: unknown, style: Iterator<number>): string {
  const roll = () => style.next().value ?? 0
  const space = () => ['', '', '', '', '', ' ', '\t', '  ', '', ''][roll()] ?? ''
  const letter = (text: string) =>
    roll() === 0 ? `\\u${text.charCodeAt(0).toString(16).padStart(4, '0')}` : JSON.stringify(text).slice(1, -1)
  const string = (text: string) =>
    `"${roll() > 6 ? text.split('').map(letter).join('') : JSON.stringify(text).slice(1, -1)}"`
  const any = (value: unknown): string => {
    if (typeof value === 'string') return string(value)
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    const [open, close, parts] = Array.isArray(value)
      ? ['[', ']', value.map(any)]
      : ['{', '}', Object.entries(value).map(([key, member]) => `${string(key)}${space()}:${space()}${any(member)}`)]
    return open + space() + parts.join(`${space()},${space()}`) + space() + close
  }
  return space() + any(value) + space()
}

export const cuts = fc.oneof(fc.array(fc.nat(), { maxLength: 8 }), fc.constant('every byte' as const))

export function pieces(bytes: Buffer, places: readonly number[] | 'every byte'): Buffer[] {
  if (places === 'every byte') return [...bytes].map((byte) => Buffer.from([byte]))
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((to, at) => bytes.subarray(sorted[at], to))
}
