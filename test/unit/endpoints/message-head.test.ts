import t from 'tap'
import { messageHead } from '../../../src/endpoints/message-head.ts'

const said = (...headers: string[]) => {
  const head = messageHead(headers)
  return head.ok ? [head.value.version, head.value.betas] : head.fault.param
}

const rows: readonly (readonly [name: string, headers: string[], said: unknown])[] = [
  ['nothing is said', [], ['2023-06-01', null]],
  ['a version', ['Anthropic-Version', '2023-01-01'], ['2023-01-01', null]],
  ['a version that is not known', ['anthropic-version', '2026-10-21'], ['2023-06-01', null]],
  ['a version that is no date', ['anthropic-version', '2023-01-01\tx'], ['2023-06-01', null]],
  ['two versions', ['anthropic-version', '2023-06-01', 'ANTHROPIC-VERSION', '2023-06-01'], 'anthropic-version'],
  ['a feature', ['anthropic-beta', 'context-1m-2025-08-07'], ['2023-06-01', 'context-1m-2025-08-07']],
  [
    'features in one header',
    ['anthropic-beta', 'skills-2025-10-02 ,context-1m-2025-08-07,skills-2025-10-02'],
    ['2023-06-01', 'skills-2025-10-02,context-1m-2025-08-07'],
  ],
  ['features in two headers', ['anthropic-beta', 'skills-2025-10-02', 'Anthropic-Beta', ''], 'anthropic-beta'],
  ['another model', ['anthropic-beta', 'server-side-fallback-2026-07-01'], ['2023-06-01', null]],
  ['one in other letters', ['anthropic-beta', 'Context-1M-2025-08-07'], ['2023-06-01', null]],
  ['one with a line in it', ['anthropic-beta', 'context-1m-2025-08-07\r\nx: y'], ['2023-06-01', null]],
  ['more than anybody has', ['anthropic-beta', 'x,'.repeat(64)], 'anthropic-beta'],
  ['names that are nearly those', ['anthropic_beta', 'context-1m-2025-08-07'], ['2023-06-01', null]],
  ['a value that is a name', ['x', 'anthropic-beta', 'y', 'context-1m-2025-08-07'], ['2023-06-01', null]],
]
for (const [name, headers, expected] of rows) t.test(name, async (t) => t.same(said(...headers), expected))
