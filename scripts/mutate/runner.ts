/** Runs one mutant at a time in a process that can be ended: a mutant may never come back, or take everything along. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Job, Progress, Verdict } from './worker.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))
/** What a module was is never given back: a new process takes over when so much has gathered. */
const MAX_HEAP_BYTES = 900 * 2 ** 20
const WARM_UP_MS = 120_000

export interface Runner {
  /** Null where the process ended, or a test file took longer than it may. */
  run(job: Job, limitMs: (test: string) => number): Promise<Verdict | null>
  close(): void
}

export function openRunner(tree: string, cases: number): Runner {
  let child: ChildProcess | null = null
  const end = () => {
    child?.kill('SIGKILL')
    child = null
  }
  return {
    run: async (job, limitMs) => {
      if (child === null) {
        child = start(tree, cases)
        // What is loaded for the first time takes its time, which no mutant is to blame for.
        await answerOf(child, { mutant: null, tests: job.tests.slice(0, 1) }, () => WARM_UP_MS)
      }
      const verdict = await answerOf(child, job, limitMs)
      if (verdict === null || verdict.heapBytes > MAX_HEAP_BYTES) end()
      return verdict
    },
    close: end,
  }
}

function start(tree: string, cases: number): ChildProcess {
  return fork(WORKER, [tree], {
    cwd: tree,
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=2000'],
    env: { ...process.env, SALLYPORT_CASES: String(cases) },
    // What a mutant prints is nobody's business.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

function answerOf(child: ChildProcess, job: Job, limitMs: (test: string) => number): Promise<Verdict | null> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const done = (verdict: Verdict | null) => {
      clearTimeout(timer)
      child.off('message', hear).off('exit', lost)
      resolve(verdict)
    }
    const lost = () => done(null)
    const hear = (message: Progress | Verdict) => {
      if (!('began' in message)) {
        done(message)
        return
      }
      clearTimeout(timer)
      timer = setTimeout(lost, limitMs(message.began))
    }
    child.on('message', hear).once('exit', lost)
    child.send(job)
  })
}
