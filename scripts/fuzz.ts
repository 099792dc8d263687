/** Runs every fuzzer for longer than the test command does: `npm run fuzz -- 600` gives each one 600 seconds. */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const seconds = Number(process.argv[2] ?? 60)
if (!Number.isSafeInteger(seconds) || seconds < 1) {
  process.stderr.write('give the seconds for each fuzzer: npm run fuzz -- 600\n')
  process.exit(2)
}
const files = globSync('test/fuzz/**/*.test.ts', { cwd: ROOT }).sort()
const { status } = spawnSync(process.execPath, ['scripts/run-tests.ts', ...files], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, SALLYPORT_FUZZ_SECONDS: String(seconds) },
})
process.exitCode = status ?? 1
