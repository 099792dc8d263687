import t from 'tap'
import { type FileTally, TapTally } from '../../../scripts/tap-tally.ts'

function tallyOf(text: string): { tally: TapTally; files: FileTally[] } {
  const files: FileTally[] = []
  const tally = new TapTally((file) => files.push(file))
  for (const line of text.split('\n')) tally.push(line)
  return { tally, files }
}

const table = [
  ['assertions are counted, groups are not', '# Subtest: f\n    ok 1 - a\n    ok 2 - b\nok 1 - f', [2, 0, 0]],
  [
    'nested groups count once',
    '# Subtest: f\n    # Subtest: g\n        ok 1 - a\n    ok 1 - g\n    ok 2 - b\nok 1 - f # time=1ms',
    [2, 0, 0],
  ],
  ['a failed assertion fails once', '# Subtest: f\n    not ok 1 - a\nnot ok 1 - f', [0, 1, 0]],
  ['a file that crashes after its assertions fails', '# Subtest: f\n    ok 1 - a\nnot ok 1 - f', [1, 1, 0]],
  ['a file without a single line that fails counts', '# Subtest: f\nnot ok 1 - f', [0, 1, 0]],
  [
    'a file that leaves itself out is one skip',
    '# Subtest: f\n    1..0 # x\nok 1 - f # SKIP left out: x (y)',
    [0, 0, 1],
  ],
  ['a skipped assertion is one skip', '# Subtest: f\n    ok 1 - a # SKIP left out: x\nok 1 - f', [0, 0, 1]],
  ['a todo is not a pass', '# Subtest: f\n    not ok 1 - a # TODO later\nok 1 - f', [0, 0, 1]],
  ['an escaped hash is part of a name', '# Subtest: f\n    ok 1 - a \\# SKIP b\nok 1 - f', [1, 0, 0]],
  [
    'what stands in a diagnosis is not counted',
    '# Subtest: f\n    not ok 1 - a\n      ---\n      diff: |\n    not ok 7 - x\n        ok\n      ...\n    ok 2 - b\nnot ok 1 - f',
    [1, 1, 0],
  ],
  ['a bail-out fails', 'Bail out! no more', [0, 1, 0]],
] as const

t.test('counting', async (t) => {
  for (const [name, text, [passed, failed, skipped]] of table) {
    t.same(tallyOf(text).tally.total, { passed, failed, skipped }, name)
  }
})

t.test('a failure says where it is and why', async (t) => {
  const { tally, files } = tallyOf(
    '# Subtest: f\n    # Subtest: g\n        not ok 1 - a\n          ---\n          at: here\n          ...\n    not ok 1 - g\nnot ok 1 - f',
  )
  t.same(tally.failures, [{ file: 'f', name: 'g > a', detail: ['at: here'] }])
  t.same(files, [{ file: 'f', passed: 0, failed: 1, skipped: 0 }])
})

t.test('a skip says what is missing', async (t) => {
  const { tally } = tallyOf('# Subtest: f\n    1..0 # x\nok 1 - f # SKIP left out: haproxy (apt-get install haproxy)')
  t.same(tally.skips, [{ file: 'f', name: '', reason: 'left out: haproxy (apt-get install haproxy)' }])
})
