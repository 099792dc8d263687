/** Lines of batches as clients write them. */

export const CHATS = '/v1/chat/completions'

/** One line, of a chat where nothing else is said. */
export function line(customId: string, body: object = {}, more: object = {}): string {
  const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] }
  return JSON.stringify({ custom_id: customId, method: 'POST', url: CHATS, body: { ...chat, ...body }, ...more })
}

export const linesOf = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

export const GOOD = line('one')
export const embedding = (id: string) => line(id, {}, { url: '/v1/embeddings', body: { model: 'text-1', input: 'x' } })
const content = (part: object) => ({ messages: [{ role: 'user', content: [part] }] })
const image = (url: string) => content({ type: 'image_url', image_url: { url } })
const tool = (name: string) => ({ tools: [{ type: 'function', function: { name } }] })

/** `line`: the one that the refusal names. */
type RefusedRow = readonly [
  name: string,
  text: string | Buffer,
  line: number,
  status: number,
  code: string,
  reason?: string,
]
const INVALID = [400, 'invalid_body'] as const
export const REFUSED_LINES: readonly RefusedRow[] = [
  [
    'a model that is denied',
    linesOf(GOOD, line('two', { model: 'gpt-4-turbo' })),
    2,
    403,
    'policy_denied',
    'denied_by_rule',
  ],
  [
    'a model that nobody grants',
    linesOf(GOOD, GOOD.replace('one', 'two').replace('4o-mini', '5')),
    2,
    403,
    'policy_denied',
    'model_not_allowed',
  ],
  ['a model that nobody serves', linesOf(line('one', { model: 'llama' })), 1, 404, 'model_not_found'],
  ['no model', linesOf(line('one', { model: null })), 1, ...INVALID],
  ['a model twice', GOOD.replace('"model"', '"model":"gpt-4-turbo","model"'), 1, ...INVALID, 'duplicate_key'],
  [
    'a model twice, once escaped',
    GOOD.replace('"model"', '"mod\\u0065l":"gpt-4-turbo","model"'),
    1,
    ...INVALID,
    'duplicate_key',
  ],
  ['a body twice', GOOD.replace('"body"', '"body":{"model":"gpt-4-turbo"},"body"'), 1, ...INVALID, 'duplicate_key'],
  ['a model in capitals', linesOf(line('one', { Model: 'gpt-4-turbo' })), 1, ...INVALID],
  [
    'a nested model that is denied',
    linesOf(line('one', { tools: [{ type: 'function', model: 'gpt-4-turbo', function: { name: 'search' } }] })),
    1,
    403,
    'policy_denied',
  ],
  ['fallbacks', linesOf(line('one', { fallbacks: ['gpt-4-turbo'] })), 1, ...INVALID],
  [
    'another host',
    linesOf(GOOD, line('two', image('https://evil.example/x'))),
    2,
    403,
    'policy_denied',
    'url_not_allowed',
  ],
  ['another tool', linesOf(line('one', tool('delete'))), 1, 403, 'policy_denied', 'tool_not_allowed'],
  ['a stream', linesOf(GOOD, line('two', { stream: true })), 2, ...INVALID],
  [
    'somebody’s object',
    linesOf(line('one', content({ type: 'file', file: { file_id: 'file-7' } }))),
    1,
    404,
    'object_not_found',
  ],
  ['stronger authentication', linesOf(GOOD, line('two', { model: 'gpt-4o' })), 2, 401, 'step_up_required'],
  [
    'stronger authentication, and a denial behind it',
    linesOf(line('one', { model: 'gpt-4o' }), line('two', { model: 'gpt-4-turbo' })),
    2,
    403,
    'policy_denied',
  ],
  ['another url', linesOf(GOOD, embedding('two')), 2, ...INVALID],
  ['a url that batches do not take', linesOf(line('one', {}, { url: '/v1/files' })), 1, ...INVALID],
  ['a url with a query', linesOf(line('one', {}, { url: `${CHATS}?model=x` })), 1, ...INVALID],
  ['a url with a host', linesOf(line('one', {}, { url: `http://x${CHATS}` })), 1, ...INVALID],
  ['another method', linesOf(line('one', {}, { method: 'post' })), 1, ...INVALID],
  ['a key that lines do not have', linesOf(line('one', {}, { headers: {} })), 1, ...INVALID],
  ['no body', linesOf(line('one', {}, { body: undefined })), 1, ...INVALID],
  ['a name twice', linesOf(GOOD, GOOD), 2, ...INVALID],
  ['an empty name', linesOf(line('')), 1, ...INVALID],
  ['an empty line', linesOf(GOOD, '', line('two')), 2, ...INVALID],
  ['an empty line at the end', linesOf(GOOD, ''), 2, ...INVALID],
  [
    'a line within a line, to readers of carriage returns',
    linesOf(GOOD.replace('[', `[\r${line('x', { model: 'gpt-4-turbo' })}\r`)),
    1,
    ...INVALID,
  ],
  ['two objects on a line', linesOf(GOOD + line('two')), 1, ...INVALID],
  ['a list', linesOf(`[${GOOD}]`), 1, ...INVALID],
  ['a byte order mark', linesOf(`\ufeff${GOOD}`), 1, ...INVALID],
  ['invalid UTF-8', Buffer.from(linesOf(GOOD.replace('hello', 'h\xff')), 'latin1'), 1, ...INVALID],
  ['a carriage return at the end', `${GOOD}\r`, 1, ...INVALID],
  ['a line that is cut off', GOOD.slice(0, -1), 1, ...INVALID],
]

type AllowedRow = readonly [name: string, text: string | Buffer, models: readonly string[], operation?: string]

export const ALLOWED_LINES: readonly AllowedRow[] = [
  ['one line', linesOf(GOOD), ['gpt-4o-mini']],
  ['two', linesOf(GOOD, line('two')), ['gpt-4o-mini']],
  ['without an end', GOOD, ['gpt-4o-mini']],
  ['with CR LF', `${GOOD}\r\n${line('two')}\r\n`, ['gpt-4o-mini']],
  ['with spaces', linesOf(GOOD.replaceAll(':', ' : ')), ['gpt-4o-mini']],
  ['a host that is granted', linesOf(line('one', image('https://files.example.org/x'))), ['gpt-4o-mini']],
  ['a tool that is granted', linesOf(line('one', tool('search'))), ['gpt-4o-mini']],
  ['no stream', linesOf(line('one', { stream: false })), ['gpt-4o-mini']],
  ['embeddings', linesOf(embedding('one'), embedding('two')), ['text-1'], 'embeddings'],
]
