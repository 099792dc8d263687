import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { AuditStream } from '../support/audit-stream.ts'
import { UPSTREAM_KEY, writeFolder } from '../support/proxy-folder.ts'
import { within } from '../support/within.ts'

const ROOT = join(import.meta.dirname, '../..')
const START_MS = 60_000

// Those that npm passes on. SIGHUP is not among them: it ends npm alone. What `npx` passes on ends its shell alone,
// and the server takes that for a SIGTERM.
const rows = [
  ['npm', ['start', '--silent', '--'], 'SIGTERM', 'SIGTERM'],
  ['npm', ['start', '--silent', '--'], 'SIGINT', 'SIGINT'],
  ['npx', ['sallyport', 'serve'], 'SIGTERM', 'SIGTERM'],
] as const
for (const [command, words, signal, reason] of rows) {
  t.test(`${signal} to \`${command} ${words[0]}\` reaches the server, which ends in order`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-npm-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    writeFolder(folder, { issuer: 'http://127.0.0.1:9', upstream: 'http://127.0.0.1:9/v1' })
    const argv = [...words, '--config', join(folder, 'config/sallyport.yaml')]
    // A group of its own, so that nothing is left behind however it ends.
    const npm = spawn(command, argv, {
      cwd: ROOT,
      env: { ...process.env, MOCK_KEY: UPSTREAM_KEY },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    t.teardown(() => {
      try {
        if (npm.pid !== undefined) process.kill(-npm.pid, 'SIGKILL')
      } catch {
        // All of it is gone, as it should be.
      }
    })
    const audit = new AuditStream()
    let said = ''
    npm.stdout.on('data', (chunk: Buffer) => audit.push(chunk))
    npm.stderr.on('data', (chunk: Buffer) => {
      said += chunk
    })
    // The pipe is closed when everybody who could write to it has ended: the server, too.
    const ended = new Promise<void>((resolve) => npm.stdout.once('close', () => resolve()))
    await audit.action('proxy-started', 1, START_MS).catch((error: Error) => {
      throw new Error(`${error.message}\n${said}`)
    })
    npm.kill(signal)
    await within(ended, 'the server to end', START_MS)
    const last = audit.all().at(-1)
    t.same([last?.action, last?.get('event.reason')], ['proxy-stopped', reason])
  })
}
