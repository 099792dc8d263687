import t from 'tap'
import { eventLine } from '../../../src/demo/event-line.ts'

const at = '2026-08-22T10:15:30.123Z'
const call = {
  '@timestamp': at,
  user: { id: 'bob' },
  gen_ai: { request: { model: 'gpt-4o' }, usage: { input_tokens: 7, output_tokens: 12 } },
  http: { response: { status_code: 200 } },
}

const table = [
  [
    'an allowed decision names its rule',
    {
      ...call,
      event: { outcome: 'success' },
      rule: { id: 'r1' },
      sallyport: { stage: 'decision', decision: 'allow', operation: 'chat', policy: { latency_ns: 4200 } },
    },
    '10:15:30.123  ALLOW     bob  chat gpt-4o  rule r1  decided in 4 µs',
  ],
  [
    'a denied decision names its reason',
    {
      ...call,
      event: { outcome: 'success', reason: 'role_missing' },
      sallyport: { stage: 'decision', decision: 'deny', operation: 'chat', stream: true },
    },
    '10:15:30.123  DENY      bob  chat gpt-4o (stream)  reason role_missing',
  ],
  [
    'a refused credential has nobody and a path',
    {
      '@timestamp': at,
      event: { outcome: 'failure', reason: 'expired' },
      url: { path: '/v1/models' },
      sallyport: { stage: 'decision', decision: 'deny' },
    },
    '10:15:30.123  DENY      nobody  /v1/models  reason expired',
  ],
  [
    'an end tells tokens and times',
    {
      ...call,
      event: { outcome: 'success', duration: 812_345_678 },
      sallyport: { stage: 'complete', operation: 'chat', ttft_ns: 310_000_000, overhead_ns: 410_000 },
    },
    '10:15:30.123  DONE      bob  chat gpt-4o  status 200  tokens 7 in, 12 out  took 812 ms  first byte after 310 ms  of it the proxy 0.41 ms',
  ],
  [
    'an event of the proxy tells what happened and why',
    {
      '@timestamp': at,
      event: { action: 'policy-rejected', outcome: 'failure' },
      message: 'the last good files stay in force',
      error: { message: 'demo.yaml:3:1: unknown key' },
    },
    '10:15:30.123  FAILED    policy-rejected  the last good files stay in force  (demo.yaml:3:1: unknown key)',
  ],
  [
    'what a terminal would act on is made visible',
    { '@timestamp': at, event: { action: 'x', outcome: 'success' }, message: 'a\u001b[2J\u202eb' },
    '10:15:30.123  proxy     x  a·[2J·b',
  ],
] as const

t.test('one line for people', async (t) => {
  for (const [name, event, line] of table) t.equal(eventLine(event, false), line, name)
})

t.test('the verdict alone is coloured', async (t) => {
  t.equal(
    eventLine({ '@timestamp': at, event: { action: 'x' }, message: 'm' }, true),
    '10:15:30.123  \u001b[2mproxy   \u001b[0m  x  m',
  )
})
