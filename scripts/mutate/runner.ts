/** Runs one mutant at a time in a process that can be ended: a mutant may never come back, or take everything along. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Job, Verdict } from './worker.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))
/** What a module was is never given back: a new process takes over when so much has gathered. */
const MAX_HEAP_BYTES = 900 * 2 ** 20

export interface Runner {
  /** Null where the process ended or did not answer in time. */
  run(job: Job, timeoutMs: number): Promise<Verdict | null>
  close(): void
}

export function openRunner(tree: string, cases: number): Runner {
  let child: ChildProcess | null = null
  const end = () => {
    child?.kill('SIGKILL')
    child = null
  }
  return {
    run: async (job, timeoutMs) => {
      child ??= fork(WORKER, [tree], {
        cwd: tree,
        execArgv: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=2000'],
        env: { ...process.env, SALLYPORT_CASES: String(cases) },
        // What a mutant prints is nobody's business.
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      })
      const verdict = await answerOf(child, job, timeoutMs)
      if (verdict === null || verdict.heapBytes > MAX_HEAP_BYTES) end()
      return verdict
    },
    close: end,
  }
}

function answerOf(child: ChildProcess, job: Job, timeoutMs: number): Promise<Verdict | null> {
  return new Promise((resolve) => {
    const done = (verdict: Verdict | null) => {
      clearTimeout(timer)
      child.off('message', done).off('exit', lost)
      resolve(verdict)
    }
    const lost = () => done(null)
    const timer = setTimeout(lost, timeoutMs)
    child.once('message', done).once('exit', lost)
    child.send(job)
  })
}
