import t from 'tap'
import { unusual } from './described.ts'

const schema = { type: 'object', properties: { max_tokens: { type: 'integer', maximum: 9 } } }
const many = (count: number) => Array.from({ length: count }, (_, at) => ({ max_tokens: at + 1 }))

type Row = readonly [sentence: string, more: object, expected: object]

/** Beside a limit of 5 that the operation itself knows. */
const table: readonly Row[] = [
  ['a bag without limits', { options: { num_ctx: 4096 } }, { limit: 5 }],
  ['a lower one', { options: { num_predict: 4 } }, { limit: 5 }],
  ['a higher one', { options: { num_predict: 900 } }, { limit: 900 }],
  ['one of a generation config', { generation_config: { max_output_tokens: 900 } }, { limit: 900 }],
  ['one in camel case', { generationConfig: { maxOutputTokens: 900 } }, { limit: 900 }],
  ['one in other case', { parameters: { 'Max-New-Tokens': 900 } }, { limit: 900 }],
  ['one with letters that decoders take for others', { options: { 'max_to\u212aen\u017f': 900 } }, { limit: 900 }],
  ['the highest of several', { sampling_params: { max_tokens: 6 }, options: { n_predict: 7 } }, { limit: 7 }],
  ['one far down, in lists', { vendor: [{ a: [[{ max_length: 900 }]] }] }, { limit: 900 }],
  ['one in a member that the API has', { reasoning: { max_tokens: 900 } }, { limit: 900 }],
  ['null is none', { options: { num_predict: null } }, { limit: 5 }],
  ['a bag by the name of one engine', { textGenerationConfig: { maxTokenCount: 900 } }, { limit: 900 }],
  ['how much may be thought', { thinking: { type: 'enabled', budget_tokens: 900 } }, { limit: 900 }],
  ['less thought than is answered', { thinking: { type: 'enabled', budget_tokens: 4 } }, { limit: 5 }],
  ['the same at the top', { thinking_budget: 900 }, { limit: 900 }],
  ['the same in camel case', { generationConfig: { thinkingConfig: { thinkingBudget: 900 } } }, { limit: 900 }],
  ['thought that is off', { thinking_budget: 0, vendor: { thinkingBudget: -1 } }, { limit: 5 }],
  ['thought as text', { thinking_token_budget: '9' }, {}],
  ['a switch that lifts the limit', { auto_max_new_tokens: true }, {}],
  ['that switch further down', { options: { autoMaxNewTokens: 1 } }, {}],
  ['that switch, off', { auto_max_new_tokens: false, options: { auto_max_new_tokens: false } }, { limit: 5 }],
  ['the least output, which is within the most', { min_tokens: 900, options: { min_new_tokens: 900 } }, { limit: 5 }],
  ['several answers, each within it', { n: 4, best_of: 9 }, { limit: 5 }],
  ['what an answer may be long', { max_response_tokens: 900 }, { limit: 900 }],
  ['steps', { options: { max_decode_steps: 900 } }, { limit: 900 }],
  ['what is to be made', { tokens_to_generate: 900 }, { limit: 900 }],
  ['an engine\u2019s own name at the top', { max_gen_len: 900 }, { limit: 900 }],
  ['another one', { max_tokens_to_sample: 900 }, { limit: 900 }],
  ['an object by the name is looked into', { options: { max_tokens: { max_length: 7 } } }, { limit: 7 }],
  ['a schema', { vendor: { schema } }, { limit: 5 }],
  ['without end, as engines write it', { options: { num_predict: -1 } }, {}],
  ['zero', { options: { num_predict: 0 } }, {}],
  ['a number as text', { options: { num_predict: '9' } }, {}],
  ['a fraction', { options: { num_predict: 1.5 } }, {}],
  ['past every integer', { options: { num_predict: 1e300 } }, {}],
  ['a name that only begins like one', { options: { max_tokens_per_call: 900 } }, { limit: 5 }],
  ['the caller’s own', { metadata: { max_tokens: '900' } }, { limit: 5 }],
  [
    'what a template reads, for engines take it for a setting',
    { chat_template_kwargs: { max_tokens: 900 } },
    { limit: 900 },
  ],
  ['beside the format of a text', { text: { max_tokens: 900 } }, { limit: 900 }],
  ['in the format of a text', { text: { format: { schema: { examples: [{ max_tokens: 900 }] } } } }, { limit: 5 }],
  ['under a dotted key', { 'options.num_predict': 900 }, { limit: 900 }],
  ['under a dotted key further down', { vendor: { 'options.num_predict': 900 } }, { limit: 900 }],
  ['under a key in brackets', { 'options[num_predict]': 900 }, { limit: 900 }],
  ['a text under a dotted key', { 'options.max_tokens': '4096' }, {}],
  ['a dotted key of another name', { 'options.num_ctx': 4096 }, { limit: 5 }],
  ['as many as may be', { vendor: many(16) }, { limit: 16 }],
  ['more than may be', { vendor: many(17) }, { refused: 'vendor' }],
]

for (const [sentence, more, expected] of table) {
  t.test(`a limit below the top of a body counts like one at the top: ${sentence}`, async (t) => {
    t.same(unusual('chat', { model: 'm', messages: [], max_tokens: 5, ...more }), expected, 'of a chat')
    t.same(unusual('completions', { model: 'm', prompt: 'p', max_tokens: 5, ...more }), expected, 'of a completion')
    t.same(unusual('responses', { model: 'm', input: 'i', max_output_tokens: 5, ...more }), expected, 'of a response')
  })
}

t.test('what the model reads as a list is a bag of settings as an object', async (t) => {
  const chat = (more: object) => unusual('chat', { model: 'm', messages: [], max_tokens: 5, ...more })
  t.same(chat({ input: { max_tokens: 900 } }), { limit: 900 })
  t.same(chat({ prompt: { max_tokens: 900 } }), { limit: 900 })
  t.same(chat({ input: { max_tokens: '4096' } }), {}, 'a number as text')
  t.same(chat({ input: [{ max_tokens: 900 }] }), { limit: 5 }, 'a list')
  const filled = { id: 'p', variables: { max_tokens: '900' } }
  const asked = { model: 'm', input: 'i', max_output_tokens: 5, prompt: filled }
  t.same(unusual('responses', asked), { limit: 5, objects: ['prompt.id=p'] }, 'what a stored prompt is filled with')
})

t.test('a limit below the top alone is none that the operation has', async (t) => {
  t.same(unusual('chat', { model: 'm', messages: [], options: { num_predict: 5 } }), {})
})

t.test('what the model reads has no limits', async (t) => {
  const said = { role: 'user', content: [{ type: 'text', text: 'x', max_tokens: 900 }] }
  const format = { type: 'json_schema', json_schema: { name: 'n', schema: { examples: [{ max_tokens: 900 }] } } }
  const tools = [{ type: 'function', function: { name: 'f', parameters: { default: { max_tokens: 900 } } } }]
  const body = { model: 'm', messages: [said], max_tokens: 5, response_format: format, tools }
  t.same(unusual('chat', body), { limit: 5, functions: ['f'] })
})

t.test('an operation without a limit has none below the top', async (t) => {
  t.same(unusual('embeddings', { model: 'm', input: 'i', options: { num_predict: 5 } }), {})
  t.same(unusual('embeddings', { model: 'm', input: 'i', vendor: many(17) }), {})
})
