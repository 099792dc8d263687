import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CONFIG, folderOf } from '../../support/cli.ts'

const BIN = join(import.meta.dirname, '../../../bin/sallyport')
const PASSWORD = 'lantern ravioli umbra quilt'
/** Gives a program a terminal of its own (util-linux). */
const SCRIPT = '/usr/bin/script'

/** What a terminal shows while a password is typed as soon as it is asked for, and how the program ended. */
function shown(t: Test, answers: readonly string[]): Promise<{ readonly text: string; readonly code: number | null }> {
  const cwd = folderOf(t, { 'sallyport.yaml': `${CONFIG}store: sqlite:users.db\n`, 'policy.yaml': 'version: 1\n' })
  const command = `'${process.execPath}' '${BIN}' users add alice --config sallyport.yaml`
  return new Promise((resolve, reject) => {
    const child = spawn(SCRIPT, ['--quiet', '--return', '--command', command, '/dev/null'], { cwd })
    const left = [...answers]
    let text = ''
    let seen = 0
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (!text.slice(seen).endsWith(': ')) return
      seen = text.length
      child.stdin.write(left.shift() ?? '\u0003')
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ text, code }))
  })
}

if (!existsSync(SCRIPT)) t.plan(0, 'left out: script (apt-get install bsdutils)')
else {
  t.test('a terminal shows nothing of a password, however soon it is typed', async (t) => {
    const { text, code } = await shown(t, [`${PASSWORD}\r`, `${PASSWORD}\r`])
    t.equal(code, 0)
    t.match(text, /^password for alice: \r?\n.*the same once more: \r?\n.*alice is added/s)
    t.notMatch(text, /lantern/)
  })

  t.test('an interrupt ends it, and the terminal is as it was', async (t) => {
    const { text, code } = await shown(t, ['lan\u0003'])
    t.equal(code, 2)
    t.match(text, /error: nothing was typed: nothing was changed\r?\n/)
    t.notMatch(text, /lan/)
  })
}
