import { cpSync, existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { commandsOf, replayed, runnerIn, wordsOf } from '../../support/transcript.ts'

const ROOT = join(import.meta.dirname, '../../..')
const SNAPSHOTS = join(ROOT, 'test/snapshots')
/** `SALLYPORT_SNAPSHOTS=update` writes what the commands say now; read the difference before you commit it. */
const isUpdating = process.env.SALLYPORT_SNAPSHOTS === 'update'

/** Commands that every example has a snapshot of. */
const COMMANDS = ['check', 'test', 'explain', 'explain-event', 'who-can', 'matrix', 'what-can', 'diff', 'replay']

const files = globSync('**/*.txt', { cwd: SNAPSHOTS }).sort()
const examples = readdirSync(join(ROOT, 'policies'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

t.test('every example has a snapshot of every command', async (t) => {
  const wanted = examples.flatMap((example) => COMMANDS.map((command) => `${example}/${command}.txt`))
  t.same(
    wanted.filter((file) => !files.includes(file)),
    [],
  )
})

for (const file of files) {
  t.test(file, async (t) => {
    const text = readFileSync(join(SNAPSHOTS, file), 'utf8')
    const folder = t.testdir({})
    for (const name of ['policies', 'config']) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
    const recorded = join(SNAPSHOTS, dirname(file), 'events.ndjson')
    if (existsSync(recorded)) cpSync(recorded, join(folder, 'events.ndjson'))
    const now = await replayed(text, runnerIn(folder))
    t.notMatch(now, /not built yet/, 'no stub is kept')
    if (isUpdating) writeFileSync(join(SNAPSHOTS, file), now)
    else t.equal(now, text, 'to the letter; SALLYPORT_SNAPSHOTS=update writes it anew')
  })
}

t.test('a transcript that says something else is told', async (t) => {
  const text = 'Why.\n\n$ printf "a\\nb"; exit 3\nold\n\n$ echo one \\\n> two >&2\n'
  const now = await replayed(text, runnerIn(t.testdir({})))
  t.equal(now, 'Why.\n\n$ printf "a\\nb"; exit 3\na\nb\n[3]\n\n$ echo one \\\n> two >&2\n! one two\n')
  t.equal(await replayed(now, runnerIn(t.testdir({}))), now, 'and stays as it is')
  t.same(commandsOf(now), ['printf "a\\nb"; exit 3', 'echo one \\\ntwo >&2'])
})

t.test('words are those of a shell', async (t) => {
  t.same(wordsOf('sallyport a --b \\\n  "c d" e=\'f "g"\''), ['sallyport', 'a', '--b', 'c d', 'e=f "g"'])
})
