import { EventEmitter, once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { watchFiles } from '../../../src/config/watch.ts'

const QUICK = { everyMs: 20, restMs: 40 }
const LIMIT_MS = 10_000
// The watcher never keeps a process alive by itself.
const alive = setInterval(() => undefined, 1000)
t.teardown(() => clearInterval(alive))

function scene(t: Test, paths: (folder: string) => string[], options: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-watch-'))
  mkdirSync(join(folder, 'policies'))
  writeFileSync(join(folder, 'policies', 'a.yaml'), 'version: 1\n')
  writeFileSync(join(folder, 'config.yaml'), 'version: 1\n')
  const bell = new EventEmitter()
  const watcher = watchFiles(paths(folder), () => bell.emit('settled'), { ...QUICK, ...options })
  t.teardown(() => {
    watcher.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const settled = () => once(bell, 'settled', { signal: AbortSignal.timeout(LIMIT_MS) })
  return { folder, bell, settled, watcher }
}

type Row = readonly [name: string, act: (folder: string) => void]
const changes: readonly Row[] = [
  ['a write in place', (folder) => writeFileSync(join(folder, 'config.yaml'), 'version: 1 # now\n')],
  [
    'a replacement by rename',
    (folder) => {
      writeFileSync(join(folder, 'next'), 'version: 1 # next\n')
      renameSync(join(folder, 'next'), join(folder, 'config.yaml'))
    },
  ],
  ['a deletion', (folder) => unlinkSync(join(folder, 'config.yaml'))],
  ['a new file in a folder', (folder) => writeFileSync(join(folder, 'policies', 'b.yaml'), 'version: 1\n')],
  ['a file that leaves a folder', (folder) => unlinkSync(join(folder, 'policies', 'a.yaml'))],
  ['a changed file in a folder', (folder) => writeFileSync(join(folder, 'policies', 'a.yaml'), 'version: 2\n')],
]
for (const [name, act] of changes) {
  t.test(`${name} is reported once it rests`, async (t) => {
    const { folder, settled } = scene(t, (at) => [join(at, 'config.yaml'), join(at, 'policies')], { since: 0 })
    await settled()
    const next = settled()
    act(folder)
    await next
    t.pass()
  })
}

t.test('a deleted file that returns is reported both times', async (t) => {
  const { folder, settled } = scene(t, (at) => [join(at, 'config.yaml')], { since: 0 })
  await settled()
  for (const act of [
    () => unlinkSync(join(folder, 'config.yaml')),
    () => writeFileSync(join(folder, 'config.yaml'), 'v: 1\n'),
  ]) {
    const next = settled()
    act()
    await next
    t.pass()
  }
})

t.test('a swapped symbolic link is reported, as a mounted ConfigMap swaps its folder', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-link-'))
  for (const version of ['1', '2']) {
    mkdirSync(join(folder, version))
    writeFileSync(join(folder, version, 'p.yaml'), `version: ${version}\n`)
  }
  symlinkSync('1', join(folder, 'data'))
  symlinkSync('data/p.yaml', join(folder, 'p.yaml'))
  const bell = new EventEmitter()
  const watcher = watchFiles([join(folder, 'p.yaml')], () => bell.emit('settled'), { ...QUICK, since: 0 })
  t.teardown(() => watcher.close())
  const settled = () => once(bell, 'settled', { signal: AbortSignal.timeout(LIMIT_MS) })
  await settled()
  const next = settled()
  symlinkSync('2', join(folder, 'swap'))
  renameSync(join(folder, 'swap'), join(folder, 'data'))
  await next
  t.equal(readFileSync(join(folder, 'p.yaml'), 'utf8'), 'version: 2\n')
})

t.test('a file that is still being written is not reported before it is whole', async (t) => {
  const { folder, bell, settled } = scene(t, (at) => [join(at, 'config.yaml')], { since: 0, restMs: 200 })
  await settled()
  const seen: string[] = []
  bell.on('settled', () => seen.push(readFileSync(join(folder, 'config.yaml'), 'utf8')))
  const next = settled()
  let written = ''
  for (let piece = 0; piece < 10; piece++) {
    written += `k${piece}: 1\n`
    writeFileSync(join(folder, 'config.yaml'), written)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await next
  t.same(seen, [written])
})

t.test('a change made after what is in force was read and before the watch began is reported', async (t) => {
  const since = Date.now()
  const { settled } = scene(t, (at) => [join(at, 'config.yaml')], { since })
  await settled()
  t.pass()
})

t.test('a watch of what is not there survives, and sees it come', async (t) => {
  const { folder, settled } = scene(t, (at) => [join(at, 'later', 'x.yaml')], { since: Number.NEGATIVE_INFINITY })
  await settled()
  const next = settled()
  mkdirSync(join(folder, 'later'))
  writeFileSync(join(folder, 'later', 'x.yaml'), 'a: 1\n')
  await next
  t.pass()
})
