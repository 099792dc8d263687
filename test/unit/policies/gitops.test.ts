import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { replayed } from '../../support/transcript.ts'
import { openClone } from '../../support/typed.ts'

const PAGE = join(import.meta.dirname, '../../../docs/gitops.md')
/** As for the snapshots: writes what is said now into the page. */
const isUpdating = process.env.SALLYPORT_SNAPSHOTS === 'update'
const CONSOLE = /(?<=^```console\n)[\s\S]*?(?=^```$)/gm

/** What the CI job runs of the program, and how it ends for the change of the walk-through. */
function jobOf(page: string): [line: string, code: number][] {
  const lines = [...page.matchAll(/^ +- run: (npx sallyport .*)$/gm)].map(([, line = '']) => line)
  return lines.map((line) => [line, line.includes('--fail-on-widening') ? 1 : 0])
}

if (spawnSync('git', ['--version']).error) t.plan(0, 'left out: git (apt-get install git)')
else {
  t.test('the walk-through, typed again, says what it says', async (t) => {
    const clone = await openClone()
    t.teardown(() => clone.close())
    const page = readFileSync(PAGE, 'utf8')
    const blocks = page.match(CONSOLE) ?? []
    t.ok(blocks.length >= 10 && jobOf(page).length === 3, 'there are commands')
    const now: string[] = []
    for (const [index, block] of blocks.entries()) {
      const said = await replayed(block, clone.run)
      now.push(said)
      t.notMatch(said, /not built yet/, `block ${index + 1}: no stub is shown`)
      if (!isUpdating) t.equal(said, block, `block ${index + 1}`)
    }
    for (const [line, code] of jobOf(page)) t.equal((await clone.run(line)).code, code, `the job: ${line}`)
    let next = 0
    if (isUpdating)
      writeFileSync(
        PAGE,
        page.replace(CONSOLE, () => now[next++] ?? ''),
      )
  })
}
