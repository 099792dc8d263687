import t from 'tap'
import { quoted, warningAt } from '../../../../src/policy/lints/lint.ts'

t.test('a name is quoted up to a bound', async (t) => {
  t.equal(quoted('gpt-4o'), '`gpt-4o`')
  t.equal(quoted('ab'.repeat(32)), `\`${'ab'.repeat(32)}\``)
  t.equal(quoted(`${'ab'.repeat(32)}c`), `\`${'ab'.repeat(32)}…\``)
})

t.test('a warning is of a value, or of a key where that is said', async (t) => {
  const placed = { file: 'policy.yaml', path: ['rules', 3] }
  const found = { file: 'policy.yaml', path: ['rules', 3, 'id'], code: 'c', message: 'm', severity: 'warning' }
  t.same(warningAt(placed, ['id'], 'c', 'm'), { ...found, at: 'value' })
  t.same(warningAt(placed, ['id'], 'c', 'm', 'key'), { ...found, at: 'key' })
})
