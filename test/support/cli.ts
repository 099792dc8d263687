import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CommandIo } from '../../src/cli/command.ts'
import { main } from '../../src/cli/main.ts'

/** How a command ended and what it said. */
export interface CliRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `sallyport ARGV` in this process and in a folder. */
export async function runCli(
  argv: readonly string[],
  cwd: string,
  more: Partial<Pick<CommandIo, 'env' | 'stdin'>> = {},
): Promise<CliRun> {
  const said = { out: '', err: '' }
  const sink = (name: keyof typeof said) => ({
    write: (text: string) => {
      said[name] += text
    },
  })
  const code = await main(argv, { stdout: sink('out'), stderr: sink('err'), env: {}, cwd, ...more })
  return { code, ...said }
}

/** Writes files, by their paths in a folder. */
export function writeFiles(folder: string, files: { readonly [path: string]: string }): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** A folder with files in it, which is gone when the test is. */
export function folderOf(
  t: { teardown(close: () => void): void },
  files: { readonly [path: string]: string } = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFiles(folder, files)
  return folder
}
