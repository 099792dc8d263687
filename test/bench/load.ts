// The load generator: a process of its own that answers each Job with an Outcome. Raw sockets and pre-built requests,
// so that it costs a fraction of what it measures.
import { connect, type Socket } from 'node:net'
import { AnswerReader } from './answer-reader.ts'
import type { Job, Outcome } from './job.ts'
import { coreBusyNs, cpuNs, MEASURED } from './processes.ts'

const READ_BYTES = 64 * 1024
/** An answer that takes longer than this is an error, not a slow one. */
const STALL_MS = 10_000
const MAX_ERRORS = 5

class Run {
  readonly #job: Job
  readonly #errors: string[] = []
  readonly #latencies: number[] = []
  readonly #sockets: Socket[] = []
  #measuring = false
  #stopping = false
  #open = 0
  #total = 0
  #texts = 0
  #over: () => void = () => undefined

  constructor(job: Job) {
    this.#job = job
  }

  async measure(): Promise<Outcome> {
    const job = this.#job
    const { warmAnswers, beside } = job
    const request = Buffer.from(job.request, 'latin1')
    for (let index = 0; index < job.connections; index++) this.#connect(request, 0)
    if (beside) this.#connect(Buffer.from(beside.request, 'latin1'), beside.everyMs)
    await pause(job.warmMs)
    const latest = performance.now() + STALL_MS
    while (this.#total < warmAnswers && performance.now() < latest) await pause(20)
    const before = this.#cpu()
    this.#measuring = true
    await pause(job.measureMs)
    this.#measuring = false
    const after = this.#cpu()
    await this.#drain()
    const sorted = Float64Array.from(this.#latencies).sort()
    return {
      counted: job.counts === 'texts' ? this.#texts : sorted.length,
      seconds: (after.at - before.at) / 1000,
      cpuNs: after.measured - before.measured,
      othersNs: Math.max(0, after.core - before.core - (after.measured - before.measured)),
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      total: this.#total,
      errors: this.#errors,
    }
  }

  #cpu() {
    return {
      at: performance.now(),
      measured: this.#job.pid === null ? 0 : cpuNs(this.#job.pid),
      core: coreBusyNs(MEASURED) ?? 0,
    }
  }

  /** Lets every request that is out be answered, so that what was sent and what was audited can be compared. */
  #drain(): Promise<void> {
    this.#stopping = true
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#fail('an answer never came')
        for (const socket of this.#sockets) socket.destroy()
        resolve()
      }, STALL_MS)
      this.#over = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.#open === 0) this.#over()
    })
  }

  #fail(what: string): void {
    if (this.#errors.length < MAX_ERRORS) this.#errors.push(what)
  }

  /** One connection in a closed loop, or, with `everyMs`, at that pace and unmeasured. */
  #connect(request: Buffer, everyMs: number): void {
    const reader = new AnswerReader()
    let first: string | null = ''
    let sentAt = 0
    const send = () => {
      sentAt = performance.now()
      socket.write(request)
    }
    const complete = () => {
      if (this.#measuring && everyMs === 0) this.#latencies.push((performance.now() - sentAt) * 1000)
      this.#total++
      if (reader.status !== this.#job.expectStatus) this.#fail(`status ${reader.status}`)
      if (first !== null) this.#inspect(first)
      first = null
      if (this.#stopping) socket.destroy()
      else if (everyMs === 0) send()
      else
        setTimeout(
          () => (this.#stopping ? socket.destroy() : send()),
          Math.max(0, sentAt + everyMs - performance.now()),
        )
    }
    const receive = (length: number, buffer: Buffer) => {
      const bytes = buffer.subarray(0, length)
      if (this.#measuring && this.#job.counts === 'texts') this.#texts += this.#count(bytes)
      if (first !== null) first += bytes.toString('latin1')
      try {
        if (reader.push(bytes)) complete()
      } catch (error) {
        this.#fail(String(error))
        socket.destroy()
      }
      return true
    }
    const onread = {
      buffer: Buffer.allocUnsafe(READ_BYTES),
      callback: receive as (bytes: number, buffer: Uint8Array) => boolean,
    }
    const socket = connect({ port: this.#job.port, host: '127.0.0.1', noDelay: true, onread })
    this.#sockets.push(socket)
    this.#open++
    socket.once('connect', send)
    socket.once('error', (error) => this.#fail(String(error)))
    socket.once('close', () => {
      if (!this.#stopping) this.#fail('the connection was closed')
      if (--this.#open === 0) this.#over()
    })
  }

  #count(bytes: Buffer): number {
    const text = this.#job.expectText
    let times = 0
    for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + text.length)) times++
    return times
  }

  #inspect(answer: string): void {
    const times = answer.split(this.#job.expectText).length - 1
    if (times !== this.#job.expectTimes)
      this.#fail(`${times} times ${this.#job.expectText}, not ${this.#job.expectTimes}`)
  }
}

function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

process.on('message', (job: Job) => {
  new Run(job).measure().then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => process.send?.({ counted: 0, total: 0, errors: [String(error)] }),
  )
})
