/** Files of lines that readers disagree on, beside what honest clients write; what a fuzzer finds is kept here. */

const CHATS = '/v1/chat/completions'

export const lineOf = (id: string, body: string, more = ''): string =>
  `{"custom_id":"${id}","method":"POST","url":"${CHATS}","body":${body}${more}}`

const body = (model: string, said = 'hello') => `{"model":"${model}","messages":[{"role":"user","content":"${said}"}]}`
const good = lineOf('a', body('m'))
const evil = lineOf('x', body('evil'))
const part = (url: string) =>
  `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"${url}"}}]}],"model":"m"}`

export const BATCH_CORPUS: readonly string[] = [
  `${good}\n${lineOf('b', body('m'))}\n`,
  `${good}\r\n${lineOf('b', body('m'))}`,
  good.replaceAll(':', ': ').replaceAll(',', ', '),
  lineOf('a', body('fast')),
  lineOf('a', body('large')),
  lineOf('a', '{"model":"m","max_tokens":1000,"messages":[]}'),
  lineOf('a', part('https://a.example/x')),
  lineOf('a', part('https://b.example/x')),
  // A line within a line, to those who end lines elsewhere.
  `${good.replace('[', `[\r${evil},\r`)}\n`,
  `${good.replace('[', `[\u2028${evil},\u2028`)}\n`,
  lineOf('a', body('m', `\u2028${evil.replaceAll('"', '\\"')}\u2028`)),
  lineOf('a', body('m', '\u0085')),
  lineOf('a\u2028', body('m')),
  `${good}${evil}`,
  `${good} ${evil}`,
  `${good},${evil}`,
  `[${good},${evil}]`,
  `\ufeff${good}`,
  `${good}\n\n${evil}`,
  `${good}\0${evil}`,
  `${good}\u001e\n`,
  `${good}\r`,
  // Which of two counts.
  lineOf('a', body('m'), `,"body":${body('evil')}`),
  lineOf('a', body('m'), `,"\\u0062ody":${body('evil')}`),
  lineOf('a', body('m'), `,"Body":${body('evil')}`),
  lineOf('a', '{"model":"m","mod\\u0065l":"evil","messages":[]}'),
  lineOf('a', '{"model":"m","Model":"evil","messages":[]}'),
  lineOf('a', body('m'), ',"url":"/v1/files"'),
  lineOf('a', body('m'), ',"extra_body":{"model":"evil"}'),
  lineOf('a', '{"model":"m","messages":[],"stream":true}'),
  lineOf('a', '[]'),
  lineOf('a', 'null'),
  lineOf('', body('m')),
  `${good}\n${good}\n`,
]
