import { once } from 'node:events'
import { openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkPromise, fileText, folder, linesOf, type Owner, owner, pipe } from '../../fixtures/audit/descriptors.ts'

/** Asks for the state until it is as wanted; every answer is a turn of the child's loop, so that this is no busy wait. */
async function untilWritable(log: Owner, wanted: boolean, meanwhile: () => void = () => undefined): Promise<void> {
  for (let turn = 0; turn < 100_000; turn++) {
    meanwhile()
    if ((await log.state()).writable === wanted) return
  }
  throw new Error('the log never became as wanted')
}

/** `read` takes what has arrived; `rest` answers with everything once nothing more can come. */
async function stallAndRecover(
  t: Test,
  log: Owner,
  read: () => string,
  rest: () => string | Promise<string> = read,
): Promise<void> {
  log.tell({ do: 'append', from: 0, count: 3 })
  log.tell({ do: 'commit', from: 0, count: 800, long: true })
  await log.until(() => log.answers.size === 800)
  const refused = [...log.answers.values()].filter(({ accepted }) => !accepted)
  t.ok(refused.length > 0, 'what does not fit is answered false')
  t.ok(refused.length < 800, 'what fits is answered true')
  t.ok(
    refused.every(({ ticksWaited }) => ticksWaited > 5),
    'the loop ran while the sink was blocked',
  )
  t.equal((await log.state()).writable, false)
  t.match(log.stderr(), /cannot be written to stdout \(EAGAIN: sink_stalled\)/)

  log.tell({ do: 'commit', from: 800, count: 10 })
  await log.until(() => log.answers.size === 810)
  t.ok(
    [...log.answers.values()].slice(800).every(({ accepted, ticksWaited }) => !accepted && ticksWaited <= 1),
    'while it is known to be blocked, nothing waits',
  )

  await untilWritable(log, true, read)
  t.match(log.stderr(), /written to stdout again/)
  log.tell({ do: 'commit', from: 810, count: 5 })
  await log.until(() => log.answers.size === 815)
  t.ok([...log.answers.values()].slice(810).every(({ accepted }) => accepted))
  t.equal(await log.flush(), true)
  const text = await rest()
  checkPromise(t, text, log.answers)
  const actions = linesOf(text).map(({ action }) => action)
  t.ok(actions.indexOf('audit-degraded') > 0)
  t.ok(actions.indexOf('audit-recovered') > actions.indexOf('audit-degraded'))
}

t.test('a pipe that nobody reads', async (t) => {
  const ends = pipe(t)
  const log = owner(t, ends.writing)
  ends.closeWriter()
  await stallAndRecover(t, log, ends.read)
})

t.test('a unix socket that nobody reads', async (t) => {
  const log = owner(t, 'pipe')
  let text = ''
  const { stdout } = log.process
  stdout?.setEncoding('utf8').pause()
  const read = () => {
    for (let chunk: string | null = ''; chunk !== null; chunk = stdout?.read() ?? null) text += chunk
    return text
  }
  await stallAndRecover(t, log, read, async () => {
    // What the kernel still holds arrives when it likes; the end of the stream says that it was all.
    log.process.kill('SIGKILL')
    for await (const chunk of stdout ?? []) text += chunk
    return text
  })
})

t.test('a pipe that is read takes every commit', async (t) => {
  const ends = pipe(t)
  const log = owner(t, ends.writing)
  ends.closeWriter()
  for (let from = 0; from < 400; from += 20) {
    log.tell({ do: 'commit', from, count: 20 })
    await log.until(() => log.answers.size === from + 20)
    ends.read()
  }
  t.ok([...log.answers.values()].every(({ accepted }) => accepted))
  checkPromise(t, ends.read(), log.answers)
})

t.test('relaxed delivery takes commits while the queue has room', async (t) => {
  const ends = pipe(t)
  const log = owner(t, ends.writing, { args: ['relaxed'] })
  ends.closeWriter()
  log.tell({ do: 'commit', from: 0, count: 800, long: true })
  await log.until(() => log.answers.size === 800)
  t.ok([...log.answers.values()].every(({ accepted, ticksWaited }) => accepted && ticksWaited === 0))
  t.equal((await log.state()).writable, true)
  while ((await log.state()).queued > 0) ends.read()
  checkPromise(t, ends.read(), log.answers)
})

const fatal = [
  ['a pipe whose reader is gone', 'EPIPE'],
  ['a stdout that was closed before the start', 'EBADF'],
  ['a stdout that was opened for reading', 'EBADF'],
] as const
for (const [name, code] of fatal) {
  t.test(`${name} refuses everything for good`, async (t) => {
    const ends = pipe(t)
    const log =
      name === 'a stdout that was closed before the start'
        ? owner(t, 'ignore', { redirect: '1>&-' })
        : name === 'a stdout that was opened for reading'
          ? owner(t, openSync('/dev/zero', 'r'))
          : owner(t, ends.writing)
    ends.closeWriter()
    ends.closeReader()
    log.tell({ do: 'commit', from: 0, count: 3 })
    await log.until(() => log.answers.size === 3 && log.stderr().includes('stdout is closed'))
    log.tell({ do: 'append', from: 0, count: 3 })
    log.tell({ do: 'commit', from: 3, count: 3 })
    await log.until(() => log.answers.size === 6)
    t.ok([...log.answers.values()].every(({ accepted }) => !accepted))
    const { writable, dropped, queued } = await log.state()
    t.same({ writable, dropped, queued }, { writable: false, dropped: 9, queued: 0 })
    t.equal(await log.flush(), false)
    t.equal(log.stderr().match(new RegExp(`stdout is closed \\(${code}\\)`, 'g'))?.length, 1, 'said once')
  })
}

t.test('a reader that goes away under load leaves nothing promised that it did not get', async (t) => {
  const ends = pipe(t)
  const log = owner(t, ends.writing)
  ends.closeWriter()
  log.tell({ do: 'commit', from: 0, count: 10 })
  await log.until(() => log.answers.size === 10)
  checkPromise(t, ends.read(), log.answers)
  ends.closeReader()
  log.tell({ do: 'commit', from: 10, count: 10 })
  await log.until(() => log.answers.size === 20)
  t.ok([...log.answers.values()].slice(10).every(({ accepted }) => !accepted))
})

t.test('a full disk refuses, and is tried again', async (t) => {
  const log = owner(t, openSync('/dev/full', 'w'))
  log.tell({ do: 'append', from: 0, count: 1 })
  log.tell({ do: 'commit', from: 0, count: 3 })
  await log.until(() => log.answers.size === 3)
  t.ok([...log.answers.values()].every(({ accepted }) => !accepted))
  t.equal((await log.state()).writable, false)
  t.notMatch(log.stderr(), 'stdout is closed')
  t.match(log.stderr(), /ENOSPC: sink_full/)
  t.equal(await log.flush(), false)
})

t.test('`> /dev/null` is somebody’s decision', async (t) => {
  const log = owner(t, 'ignore', { redirect: '> /dev/null' })
  log.tell({ do: 'commit', from: 0, count: 3 })
  await log.until(() => log.answers.size === 3)
  t.ok([...log.answers.values()].every(({ accepted }) => accepted))
  t.equal((await log.state()).writable, true)
})

const files = [
  ['`>`', 'w', ''],
  ['`>>`', 'a', '{"http":{},"event":{"action":"earlier","sequence":0}}\n'],
] as const
for (const [name, flags, earlier] of files) {
  t.test(`a file, ${name}`, async (t) => {
    const path = join(folder(t), 'audit.log')
    writeFileSync(path, '{"http":{},"event":{"action":"earlier","sequence":0}}\n')
    const log = owner(t, openSync(path, flags))
    log.tell({ do: 'append', from: 0, count: 2 })
    log.tell({ do: 'commit', from: 0, count: 50 })
    await log.until(() => log.answers.size === 50)
    const text = fileText(path)
    t.ok(text.startsWith(earlier === '' ? '{"@timestamp"' : earlier))
    t.equal(linesOf(text).length, 52 + (earlier === '' ? 0 : 1))
    checkPromise(t, text.slice(earlier.length), log.answers)
  })
}

t.test('an anonymous pipe of a shell', async (t) => {
  const path = join(folder(t), 'audit.log')
  const log = owner(t, 'ignore', { redirect: `| cat > '${path}'` })
  log.tell({ do: 'commit', from: 0, count: 100 })
  await log.until(() => log.answers.size === 100)
  log.tell({ do: 'exit' })
  await once(log.process, 'close')
  checkPromise(t, fileText(path), log.answers)
})

t.test('kill -9 under load: what was answered true has reached the reader', async (t) => {
  for (let round = 0; round < 5; round++) {
    const ends = pipe(t)
    const log = owner(t, ends.writing)
    ends.closeWriter()
    const reader = setInterval(ends.read, 1)
    log.tell({ do: 'load' })
    await log.until(() => log.answers.size > 300 * (round + 1))
    log.process.kill('SIGKILL')
    await once(log.process, 'close')
    clearInterval(reader)
    const whole = ends.read()
    const ids = new Set(linesOf(whole.slice(0, whole.lastIndexOf('\n') + 1)).map(({ id }) => id))
    const promised = [...log.answers].filter(([, { accepted }]) => accepted)
    t.ok(promised.length > 0)
    t.same(
      promised.filter(([id]) => !ids.has(id)),
      [],
    )
  }
})
