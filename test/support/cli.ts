import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CommandIo } from '../../src/cli/command.ts'
import { main } from '../../src/cli/main.ts'

/** A config of one issuer and one upstream, whose policy is `policy.yaml`. */
export const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }] }
upstreams: [{ name: us, url: https://us.example/v1, models: ["gpt-*"] }]
policies: [policy.yaml]
`

/** How a command ended and what it said. */
export interface CliRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The same as a process tells it. */
export interface CliOutput {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
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

/** A command in a folder whose config is `sallyport.yaml`; it is told what stands behind its name. */
export function commandIn(cwd: string, command: string): (...argv: string[]) => Promise<CliOutput> {
  return async (...argv) => {
    const { code, out, err } = await runCli([command, ...argv, '--config', 'sallyport.yaml'], cwd)
    return { code, stdout: out, stderr: err }
  }
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
