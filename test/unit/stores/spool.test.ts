import { fstatSync, readdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { BodyBudget } from '../../../src/pipeline/body-budget.ts'
import { BLOCK_BYTES, Spool } from '../../../src/stores/spool.ts'
import { counted, GRANTED, linkOf, scene } from './spool-scene.ts'

t.test('what was written is read again, whatever its pieces', async (t) => {
  const { spool: openSpool, state, nothingLeft } = scene(t)
  const sizes = [
    ['a few bytes', [1, 2, 3], 0],
    ['a block', [BLOCK_BYTES], 0],
    ['a byte more', [BLOCK_BYTES, 1], 1],
    ['one large piece', [5 * BLOCK_BYTES + 17], 1],
    ['odd pieces', [70_000, 1, 0, 64 * 1024, 3, 200_000], 1],
    ['many small ones', Array.from({ length: 3000 }, () => 100), 1],
    ['nothing', [], 0],
  ] as const
  for (const [name, lengths, files] of sizes) {
    state.opened = 0
    const spool = openSpool()
    const whole = counted(lengths.reduce<number>((sum, length) => sum + length, 0))
    let at = 0
    for (const length of lengths) {
      const piece = Buffer.from(whole.subarray(at, at + length))
      t.equal(await spool.write(piece), null)
      piece.fill(0) // what was given may be reused
      at += length
    }
    t.equal(spool.length, whole.length, name)
    t.equal(state.opened, files, `${name}: files`)
    t.ok((await buffer(spool.read([{ from: 0, to: whole.length }]))).equals(whole), `${name}: whole`)
    const middle = Math.floor(whole.length / 2)
    const parts = [Buffer.from('<'), { from: middle, to: whole.length }, Buffer.from('|'), { from: 0, to: middle }]
    const expected = Buffer.concat([
      Buffer.from('<'),
      whole.subarray(middle),
      Buffer.from('|'),
      whole.subarray(0, middle),
    ])
    t.ok((await buffer(spool.read(parts))).equals(expected), `${name}: in other words, and once more`)
    await spool.dispose()
  }
  await nothingLeft()
})

t.test('the file belongs to its owner and has no name', async (t) => {
  const { path, state, openFile, nothingLeft } = scene(t)
  const modes: number[] = []
  const spool = new Spool({
    folder: path,
    allowance: GRANTED,
    openFile: async (at) => {
      const file = await openFile(at)
      t.same(await readdir(path), [], 'before a byte is written')
      return file
    },
  })
  await spool.write(counted(BLOCK_BYTES + 1))
  if (process.platform === 'linux') {
    for (const fd of readdirSync('/proc/self/fd')) {
      if (linkOf(fd).startsWith(path)) modes.push(fstatSync(Number(fd)).mode & 0o777, fstatSync(Number(fd)).nlink)
    }
    t.same(modes, [0o600, 0])
  }
  t.equal(state.open, 1)
  await spool.dispose()
  await spool.dispose()
  await nothingLeft()
})

t.test('what is kept is counted, of the process and of the caller', async (t) => {
  const { path, openFile, nothingLeft } = scene(t)
  const budget = new BodyBudget(400_000, 50_000)
  const started = (caller: string) => {
    const allowance = budget.open(caller)
    return { allowance, spool: new Spool({ folder: path, allowance, openFile }) }
  }
  const first = started('a')
  t.equal(await first.spool.write(counted(100_000)), null)
  t.match(await first.spool.write(Buffer.alloc(1)), { code: 'rate_limit_exceeded' }, 'a caller has its share')
  t.match(await first.spool.write(Buffer.alloc(0)), { code: 'rate_limit_exceeded' }, 'what was refused stays so')
  const others = ['b', 'c', 'd'].map(started)
  for (const { spool } of others) t.equal(await spool.write(counted(100_000)), null, 'so has each other one')
  const last = started('e')
  t.match(await last.spool.write(Buffer.alloc(1)), { code: 'overloaded' }, 'and the process has its limit')
  for (const { spool, allowance } of [first, last, ...others]) {
    await spool.dispose()
    allowance.release()
  }
  t.equal(budget.heldBytes, 0)
  await nothingLeft()
})

t.test('given up at each stage, nothing is left', async (t) => {
  const { spool: openSpool, path, openFile, state, nothingLeft } = scene(t)
  const large = counted(3 * BLOCK_BYTES)
  const stages: readonly (readonly [string, (spool: Spool) => Promise<unknown>])[] = [
    ['before anything', async () => undefined],
    ['in memory', async (spool) => spool.write(Buffer.alloc(10))],
    ['while it writes', async (spool) => void spool.write(large)],
    ['once it has written', async (spool) => spool.write(large)],
    [
      'before it is read',
      async (spool) => {
        await spool.write(large)
        spool.read([{ from: 0, to: large.length }])
      },
    ],
    [
      'while it is read',
      async (spool) => {
        await spool.write(large)
        const reader = spool.read([{ from: 0, to: large.length }])
        await new Promise((resolve) => reader.once('data', resolve))
      },
    ],
    [
      'once it was read',
      async (spool) => {
        await spool.write(large)
        await buffer(spool.read([{ from: 0, to: large.length }]))
      },
    ],
    [
      'once its reader has gone',
      async (spool) => {
        await spool.write(large)
        const reader = spool.read([{ from: 0, to: large.length }])
        await new Promise((resolve) => reader.once('data', resolve))
        reader.destroy()
      },
    ],
  ]
  for (const [name, run] of stages) {
    const spool = openSpool()
    await run(spool)
    await Promise.all([spool.dispose(), spool.dispose()])
    t.match(await spool.write(Buffer.alloc(1)), { code: 'invalid_body', reason: 'client_closed' }, name)
    await t.rejects(buffer(spool.read([{ from: 0, to: 1 }])), `${name}: reading`)
    await nothingLeft()
  }
  let opened = () => {}
  const gate = new Promise<void>((resolve) => {
    opened = resolve
  })
  const slow = new Spool({ folder: path, allowance: GRANTED, openFile: (at) => gate.then(() => openFile(at)) })
  const written = slow.write(large)
  const disposal = slow.dispose()
  opened()
  t.match(await written, { code: 'invalid_body' }, 'while it opens its file')
  await disposal
  await nothingLeft()
  t.ok(state.opened > 4)
})

t.test('a reader that is cut off sees that', async (t) => {
  const { spool: openSpool, nothingLeft } = scene(t)
  const spool = openSpool()
  await spool.write(counted(4 * BLOCK_BYTES))
  const reader = spool.read([{ from: 0, to: 4 * BLOCK_BYTES }])
  const reading = (async () => {
    for await (const _ of reader) await spool.dispose()
  })()
  await t.rejects(reading, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  await nothingLeft()
})

t.test('bytes that are not there are no end', async (t) => {
  const { spool: openSpool, nothingLeft } = scene(t)
  const spool = openSpool()
  await spool.write(counted(100))
  await t.rejects(buffer(spool.read([{ from: 0, to: 101 }])), { message: 'the spool does not have these bytes' })
  t.equal((await buffer(spool.read([{ from: 0, to: 100 }]))).length, 100)
  t.throws(() => spool.write(Buffer.alloc(1)), { message: 'a spool is written to while it writes or is read' })
  await spool.dispose()
  await nothingLeft()
})
