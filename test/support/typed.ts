import { execFile } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Ran } from './transcript.ts'

const ROOT = join(import.meta.dirname, '../..')
const PATIENCE_MS = 60_000

/** A folder as somebody has it who cloned the repository, for commands that are typed into it. */
export interface Clone {
  readonly folder: string
  run(line: string): Promise<Ran>
  close(): void
}

/** `npx sallyport …` runs the program of this clone; git knows nothing of the person who runs the tests. */
export async function openClone(): Promise<Clone> {
  const outside = mkdtempSync(join(tmpdir(), 'sallyport-clone-'))
  const folder = join(outside, 'sallyport')
  const tools = join(outside, 'bin')
  for (const path of [folder, tools]) mkdirSync(path)
  for (const name of ['config', 'policies', 'test/snapshots/starter'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  const npx = join(tools, 'npx')
  writeFileSync(npx, `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(ROOT, 'bin/sallyport')}' "$@"\n`)
  chmodSync(npx, 0o755)
  const person = { name: 'A Reviewer', email: 'reviewer@example.org' }
  const env = {
    PATH: `${tools}${delimiter}${join(process.execPath, '..')}${delimiter}${process.env.PATH}`,
    HOME: outside,
    TMPDIR: outside,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: person.name,
    GIT_AUTHOR_EMAIL: person.email,
    GIT_COMMITTER_NAME: person.name,
    GIT_COMMITTER_EMAIL: person.email,
  }
  const run = (line: string) => runShell(line, folder, env)
  await run('git init -q -b main && git add . && git commit -q -m "the starter"')
  return { folder, run, close: () => close(outside, join(folder, 'demo.json')) }
}

function runShell(line: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', line], { cwd, env, timeout: PATIENCE_MS }, (error, stdout, stderr) => {
      resolve({ stdout, stderr, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 })
    })
  })
}

/** A demo that a failure left behind ends with the folder. */
function close(outside: string, demo: string): void {
  const pid = existsSync(demo) ? /"demo":(\d+)/.exec(readFileSync(demo, 'utf8'))?.[1] : undefined
  try {
    if (pid !== undefined) process.kill(Number(pid))
  } catch {
    // It has ended in order.
  }
  rmSync(outside, { recursive: true, force: true })
}
