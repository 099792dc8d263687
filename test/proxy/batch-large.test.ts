import { createHash } from 'node:crypto'
import t from 'tap'
import { line } from '../support/batch-files.ts'
import {
  type LargeForm,
  type Sink,
  startSink,
  startUploading,
  LARGE_PATIENCE_MS as timeout,
} from '../support/large-upload.ts'
import { MIB, processMemory, noProcessMemory as skip } from '../support/process-memory.ts'

const GROWTH_BYTES = 96 * MIB
const PROSE = 'a few words more '.repeat(240)
const LINES = 50_000
const policy = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [{ id: 'all', effect: 'allow', roles: ['analyst'], operations: ['files.*', 'chat'], models: ['gpt-4o-mini'] }],
}

/** How many lines came, and what they hash to. */
function lineSink(): Sink<{ lines: number; hash: string }> {
  const hash = createHash('sha256')
  let rest = ''
  let lines = 0
  return {
    take: (chunk) => {
      const whole = (rest + chunk.toString('latin1')).split('\n')
      rest = whole.pop() ?? ''
      for (const one of whole) {
        if (!one.startsWith('{')) continue
        lines++
        hash.update(`${one}\n`)
      }
    },
    end: () => ({ lines, hash: hash.digest('hex') }),
  }
}

const nth = (index: number) => `${line(String(index).padStart(8, '0'), { user: PROSE })}\n`

/** So many lines; `hash` is told of each when it is sent. */
function formOf(count: number, hash = createHash('sha256')): LargeForm {
  const piece = (index: number) => {
    const text = nth(index)
    hash.update(text)
    return text
  }
  return { purpose: 'batch', filename: 'a.jsonl', count, pieceBytes: nth(0).length, piece }
}

t.test('50,000 lines of 200 MB are judged in bounded memory', { skip, timeout }, async (t) => {
  const sink = await startSink(t, lineSink)
  const { proxy, send } = await startUploading(t, { upstream: sink.url, policy })
  t.equal(await send(formOf(2000)), 200, 'a small one before, so that all code is there')
  const before = processMemory(proxy.child.pid ?? 0, 'VmRSS')
  const hash = createHash('sha256')
  t.equal(await send(formOf(LINES, hash)), 200)
  const growth = processMemory(proxy.child.pid ?? 0, 'VmHWM') - before
  t.ok(growth < GROWTH_BYTES, `${Math.round(growth / MIB)} MiB more`)
  t.same(sink.got[1], { lines: LINES, hash: hash.digest('hex') }, 'every line came, as it was sent')
  t.equal(await proxy.stop(), 0)
})
