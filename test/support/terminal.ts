import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { CliOutput } from './cli.ts'
import { within } from './within.ts'

const BIN = join(import.meta.dirname, '../../bin/sallyport')

/** What `sallyport login` has shown, while it waits. */
export interface WaitingLogin {
  readonly link: string
  readonly code: string
  readonly done: Promise<CliOutput>
}

/** A terminal of somebody who has no config, at a proxy. */
export interface Terminal {
  /** Where what it keeps is kept. */
  readonly home: string
  run(...argv: string[]): Promise<CliOutput>
  login(...argv: string[]): Promise<WaitingLogin>
}

export function openTerminal(t: Test, url: string): Terminal {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-terminal-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const env = { PATH: process.env.PATH, HOME: home, SALLYPORT_URL: url }
  return {
    home,
    run: (...argv) =>
      new Promise((resolve) => {
        execFile(process.execPath, [BIN, ...argv], { cwd: home, env, timeout: 60_000 }, (error, stdout, stderr) => {
          resolve({ stdout, stderr, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 })
        })
      }),
    login: (...argv) => {
      const child = spawn(process.execPath, [BIN, 'login', ...argv], { cwd: home, env, timeout: 60_000 })
      t.teardown(() => child.kill())
      let [stdout, stderr] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text
      })
      const done = new Promise<CliOutput>((resolve) => {
        child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))
      })
      const shown = new Promise<WaitingLogin>((resolve, reject) => {
        child.stderr.setEncoding('utf8').on('data', (text) => {
          stderr += text
          const [, link, code] = /open\n\n {4}(\S+)\n\n.*\n\n {4}(\S+)\n/.exec(stderr) ?? []
          if (link !== undefined && code !== undefined) resolve({ link, code, done })
        })
        void done.then(() => reject(new Error(`it has ended: ${stderr}`)))
      })
      return within(shown, 'a code')
    },
  }
}
