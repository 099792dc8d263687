import t from 'tap'
import { ask, type Facts, factsOf, image, says, tools } from '../../support/messages.ts'

const refused: readonly (readonly [name: string, body: unknown, param: string])[] = [
  ['no model', { max_tokens: 1, messages: [] }, 'model'],
  ['other models to fall back to', ask({ fallbacks: [{ model: 'other' }] }), 'fallbacks'],
  ['whatever the provider falls back to', ask({ fallbacks: 'default' }), 'fallbacks'],
  ['another region', ask({ inference_geo: 'us' }), 'inference_geo'],
  ['the same in other letters', ask({ Inference_Geo: 'us' }), 'Inference_Geo'],
  ['another payer', ask({ billing_policy: { type: 'billing_policy', bill_to: 'user_profile' } }), 'billing_policy'],
  ['a credit of somebody', ask({ fallback_credit_token: 'x' }), 'fallback_credit_token'],
  ['a thread', ask({ thread: { type: 'continue', previous_message_id: 'msg_1' } }), 'thread'],
  ['features in the body', ask({ anthropic_beta: ['x'] }), 'anthropic_beta'],
  ['a system in other letters', ask({ System: 'x' }), 'System'],
  ['servers in other letters', ask({ mcpServers: [] }), 'mcpServers'],
  ['messages that are no list', { model: 'm', messages: 'hi' }, 'messages'],
  ['content that is no block', ask({ messages: [{ role: 'user', content: [1] }] }), 'content'],
  [
    'a tool that a message adds',
    ask({
      messages: [
        {
          role: 'system',
          content: [
            { type: 'tool_addition', tool: { type: 'tool_definition', definition: { type: 'web_search_20250305' } } },
          ],
        },
      ],
    }),
    'tool_addition',
  ],
  [
    'one that a summary adds',
    says({ type: 'compaction', content: 'x', tool_changes: [{ type: 'tool_addition', tool: {} }] }),
    'tool_addition',
  ],
  ['a tool without a name', tools({ input_schema: {} }), 'tools'],
  ['a tool of a type that is no text', tools({ type: 1, name: 'x' }), 'tools'],
  [
    'an address that two parsers read differently',
    says(image({ type: 'url', url: 'https://a.example\\@b.example/' })),
    'url',
  ],
  ['a limit that is no number', ask({ max_tokens: '100' }), 'max_tokens'],
  ['a tool that names its engine', tools({ name: 'f', input_schema: {}, api_base: 'x' }), 'api_base'],
]

for (const [name, body, param] of refused) {
  t.test(`refused: ${name}`, async (t) => t.same(factsOf(body), { refused: param }))
}

t.test('to count tokens is the same without a limit', async (t) => {
  const body = { ...says(image({ type: 'url', url: 'https://i.example/x' })), tools: [{ type: 'web_search_20250305' }] }
  const { operation, ...rest } = factsOf(body, 'messages.count_tokens') as Facts
  const { operation: _, ...whole } = factsOf(body) as Facts
  t.equal(operation, 'messages.count_tokens')
  t.same(rest, { ...whole, maxOutputTokens: undefined })
})
