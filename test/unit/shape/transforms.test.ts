import t from 'tap'
import type { Obligations } from '../../../src/model/transforms.ts'
import { type Operation, sent } from '../../support/transformed.ts'

const cap = { set: { max_output_tokens: 100 } }
const cool = { set: { temperature: 0.5 } }
const say = { prepend: 'Be "brief".' }
const system = '{"role":"system","content":"Be \\"brief\\"."}'

type Row = readonly [sentence: string, operation: Operation, Partial<Obligations>, text: string, sent: string]
const table: readonly Row[] = [
  ['a limit above is lowered', 'chat', cap, '{"model":"m", "max_tokens" : 101 }', '{"model":"m", "max_tokens" : 100 }'],
  ['a limit below stays', 'chat', cap, '{"model":"m","max_tokens":99}', '{"model":"m","max_tokens":99}'],
  ['zero is no limit', 'chat', cap, '{"model":"m","max_tokens":0}', '{"model":"m","max_tokens":100}'],
  [
    'both names',
    'chat',
    cap,
    '{"model":"m","max_tokens":5,"max_completion_tokens":500}',
    '{"model":"m","max_tokens":5,"max_completion_tokens":100}',
  ],
  ['none is set', 'chat', cap, ' {"model":"m"}', ' {"max_completion_tokens":100,"model":"m"}'],
  [
    'null is none',
    'chat',
    cap,
    '{"model":"m","max_completion_tokens":null}',
    '{"model":"m","max_completion_tokens":100}',
  ],
  [
    'a name that an engine knows is no own one',
    'chat',
    cap,
    '{"model":"m","n_predict":900}',
    '{"max_completion_tokens":100,"model":"m","n_predict":100}',
  ],
  ['of a completion', 'completions', cap, '{"model":"m","prompt":"p"}', '{"max_tokens":100,"model":"m","prompt":"p"}'],
  [
    'how much may be thought',
    'messages',
    cap,
    '{"model":"m","messages":[],"max_tokens":50,"thinking":{"budget_tokens":900}}',
    '{"model":"m","messages":[],"max_tokens":50,"thinking":{"budget_tokens":100}}',
  ],
  [
    'a switch that lifts the limit is turned off',
    'chat',
    cap,
    '{"model":"m","max_tokens":50,"auto_max_new_tokens":true,"options":{"auto_max_new_tokens":1}}',
    '{"model":"m","max_tokens":50,"auto_max_new_tokens":false,"options":{"auto_max_new_tokens":false}}',
  ],
  [
    'under a dotted key',
    'chat',
    cap,
    '{"options.num_predict":500,"model":"m","max_tokens":1}',
    '{"options.num_predict":100,"model":"m","max_tokens":1}',
  ],
  [
    'for a template',
    'chat',
    cap,
    '{"chat_template_kwargs":{"max_tokens":"4096"},"model":"m","max_tokens":1}',
    '{"chat_template_kwargs":{"max_tokens":100},"model":"m","max_tokens":1}',
  ],
  ['of a response', 'responses', cap, '{"model":"m","max_output_tokens":1e3}', '{"model":"m","max_output_tokens":100}'],
  [
    'of an empty response',
    'responses',
    { ...cap, ...say },
    '{ }',
    '{"max_output_tokens":100,"instructions":"Be \\"brief\\"." }',
  ],
  ['under an escaped key', 'chat', cap, '{"model":"m","max_\\u0074okens":500}', '{"model":"m","max_\\u0074okens":100}'],
  [
    'not what looks like it',
    'chat',
    cap,
    '{"metadata":{"max_tokens":500},"model":"m","max_tokens":1}',
    '{"metadata":{"max_tokens":500},"model":"m","max_tokens":1}',
  ],
  [
    'in a bag of settings',
    'chat',
    cap,
    '{"options" : {"num_ctx":4096, "num_predict" : 500 }, "model":"m","max_tokens":1}',
    '{"options" : {"num_ctx":4096, "num_predict" : 100 }, "model":"m","max_tokens":1}',
  ],
  [
    'in a bag alone',
    'responses',
    cap,
    '{"generationConfig":{"maxOutputTokens":500},"model":"m"}',
    '{"max_output_tokens":100,"generationConfig":{"maxOutputTokens":100},"model":"m"}',
  ],
  [
    'in a list, under an escaped key',
    'chat',
    cap,
    '{"v":[7,[{"n_predict":5}, {"max_\\u0074okens":500}]],"model":"m","max_tokens":1}',
    '{"v":[7,[{"n_predict":5}, {"max_\\u0074okens":100}]],"model":"m","max_tokens":1}',
  ],
  [
    'without end, in a bag',
    'completions',
    cap,
    '{"options":{"num_predict":-1},"model":"m","prompt":"p","max_tokens":1}',
    '{"options":{"num_predict":100},"model":"m","prompt":"p","max_tokens":1}',
  ],
  [
    'what is no limit, in bags',
    'chat',
    cap,
    '{"a":{"max_tokens":"500"},"b":{"max_tokens":true},"c":{"max_tokens":null},"model":"m","max_tokens":1}',
    '{"a":{"max_tokens":100},"b":{"max_tokens":100},"c":{"max_tokens":null},"model":"m","max_tokens":1}',
  ],
  [
    'in a member that is replaced',
    'chat',
    { set: { ...cap.set, store: false } },
    '{"model":"m","store":{"max_tokens":500},"max_tokens":1}',
    '{"model":"m","store":false,"max_tokens":1}',
  ],
  [
    'a bag of an operation without limits',
    'embeddings',
    cap,
    '{"model":"m","input":"i","options":{"num_predict":500}}',
    '{"model":"m","input":"i","options":{"num_predict":500}}',
  ],
  [
    'a bag without a cap',
    'chat',
    cool,
    '{"model":"m","temperature":0.5,"options":{"num_predict":500}}',
    '{"model":"m","temperature":0.5,"options":{"num_predict":500}}',
  ],
  [
    'a setting in place of the client’s',
    'chat',
    cool,
    '{"temperature":2,"model":"m"}',
    '{"temperature":0.5,"model":"m"}',
  ],
  ['the same setting', 'chat', cool, '{"temperature":5e-1,"model":"m"}', '{"temperature":5e-1,"model":"m"}'],
  ['a setting that is absent', 'responses', cool, '{"model":"m"}', '{"temperature":0.5,"model":"m"}'],
  [
    'a setting that the operation has not',
    'embeddings',
    cool,
    '{"model":"m","input":"i"}',
    '{"model":"m","input":"i"}',
  ],
  [
    'a message before the others',
    'chat',
    say,
    '{"model":"m","messages":[ {"role":"system","content":"mine"}]}',
    `{"model":"m","messages":[${system}, {"role":"system","content":"mine"}]}`,
  ],
  [
    'a message before a developer’s',
    'chat',
    say,
    '{"model":"m","messages":[{"role":"developer","content":"mine"}]}',
    `{"model":"m","messages":[${system},{"role":"developer","content":"mine"}]}`,
  ],
  ['a message alone', 'chat', say, '{"model":"m","messages":[ ]}', `{"model":"m","messages":[${system} ]}`],
  ['no messages', 'chat', say, '{"model":"m"}', `{"messages":[${system}],"model":"m"}`],
  [
    'before the instructions',
    'responses',
    say,
    '{"model":"m","instructions":"mine\\n"}',
    '{"model":"m","instructions":"Be \\"brief\\".\\nmine\\n"}',
  ],
  [
    'no instructions',
    'responses',
    say,
    '{"model":"m","instructions":null}',
    '{"model":"m","instructions":"Be \\"brief\\"."}',
  ],
  [
    'instructions that are no text',
    'responses',
    say,
    '{"model":"m","instructions":7}',
    '{"model":"m","instructions":"Be \\"brief\\"."}',
  ],
  [
    'with the question for usage',
    'chat',
    { ...cap, ...say },
    '{"model":"m","messages":[{"role":"user","content":"c"}],"stream":true}',
    `{"max_completion_tokens":100,"stream_options":{"include_usage":true},"model":"m","messages":[${system},{"role":"user","content":"c"}],"stream":true}`,
  ],
]
for (const [sentence, operation, obligations, text, expected] of table) {
  t.test(`${sentence}: ${operation}`, async (t) => {
    const got = sent(operation, text, obligations)
    t.equal(got?.text, expected)
    t.equal(got?.isSame, text === expected, 'the very bytes where nothing changes')
  })
}

t.test('an alias and a transform change their own members', async (t) => {
  const got = sent('chat', '{"model":"fast","max_tokens":900}', cap, 'fast')
  t.equal(got?.text, '{"model":"target","max_tokens":100}')
})
