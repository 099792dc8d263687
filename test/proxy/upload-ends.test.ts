import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stallBeforeHead } from '../support/model-behaviours.ts'
import { polled } from '../support/proxy.ts'
import type { ProxyOptions } from '../support/proxy-folder.ts'
import { rawConnect, requestBytes } from '../support/raw-client.ts'
import { ALICE, CAROL, checkAudit, endInOrder, startWorld, type World } from '../support/world.ts'

const KIB = 1024
const D = 'Content-Disposition: form-data'
const POLICY = {
  version: 1,
  roles: { all: { members: [{ group: 'analysts' }, { group: 'admins' }] } },
  rules: [{ id: 'files', effect: 'allow', roles: ['all'], operations: ['files.create', 'files.list'] }],
}
const begin = `--b\r\n${D}; name="purpose"\r\n\r\nuser_data\r\n--b\r\n${D}; name="file"; filename="a"\r\n\r\n`
const form = (bytes: number) => `${begin}${'x'.repeat(bytes)}\r\n--b--\r\n`

async function started(t: Test, options: ProxyOptions = {}) {
  const world = await startWorld(t, { policy: POLICY, isolation: 'off', ...options })
  const { proxy, model } = world
  model.scriptPath('/v1/files', ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1"}')
  })
  const spooled = async () => Number(/^sallyport_spooled_bytes (\d+)$/m.exec((await proxy.admin('/metrics')).body)?.[1])
  /** Nothing of an upload is left: no byte counts, no file is open, none has a name. */
  const gone = () =>
    polled(async () => (await spooled()) === 0 && openFiles(world) === 0, 'nothing of an upload to be left').then(() =>
      t.same(
        readdirSync(join(proxy.folder, 'data')).filter((name) => name.startsWith('sallyport-')),
        [],
      ),
    )
  const bytes = async (body: string, more: readonly string[] = [], person = ALICE) => {
    const auth = `Authorization: Bearer ${await world.token(person)}`
    const type = 'Content-Type: multipart/form-data; boundary=b'
    return requestBytes('POST /v1/files HTTP/1.1', ['Host: x', auth, type, ...more], body)
  }
  return { ...world, world, spooled, gone, bytes }
}

/** Files that the proxy has open and that nobody can open any more. */
function openFiles({ proxy }: World): number {
  const folder = `/proc/${proxy.child.pid}/fd`
  const targets = readdirSync(folder).map((fd) => {
    try {
      return readlinkSync(join(folder, fd))
    } catch {
      return ''
    }
  })
  return targets.filter((target) => /sallyport-[0-9a-f-]{36} \(deleted\)$/.test(target)).length
}

const linux = { skip: process.platform !== 'linux' && 'left out: open files are read from /proc (Linux)' }

t.test('a client that leaves', linux, async (t) => {
  const { world, model, proxy, spooled, gone, bytes } = await started(t)
  const early = await rawConnect(proxy.port)
  await early.flushed((await bytes(form(400 * KIB))).subarray(0, -10))
  await polled(async () => (await spooled()) > 300 * KIB, 'most of it to be kept')
  t.equal(openFiles(world), 1, 'in one file, without a name')
  early.close()
  const denied = await proxy.audit.action('request-denied', 1)
  t.equal(denied.get('event.reason'), 'client_closed', 'while it sends')
  await gone()
  t.equal(model.connections, 0, 'the upstream saw nothing')

  model.scriptPath('/v1/files', stallBeforeHead)
  const late = await rawConnect(proxy.port)
  late.send(await bytes(form(400 * KIB)))
  await model.arrival(1)
  t.ok((await spooled()) > 0, 'it is kept until it is answered')
  late.close()
  const aborted = await proxy.audit.action('completion-aborted', 1)
  t.equal(aborted.get('event.reason'), 'client_closed', 'while the upstream works')
  await gone()
  await endInOrder(t, world)
})

t.test('a proxy that stops', linux, async (t) => {
  const { world, model, proxy, bytes } = await started(t, { listen: { timeouts: { drain: '300ms' } } })
  model.scriptPath('/v1/files', stallBeforeHead)
  const [sending, waiting] = [await rawConnect(proxy.port), await rawConnect(proxy.port)]
  await sending.flushed((await bytes(form(400 * KIB))).subarray(0, -10))
  waiting.send(await bytes(form(400 * KIB)))
  await model.arrival(1)
  proxy.signal('SIGTERM')
  const answers = [await sending.answer(), await waiting.answer()]
  t.same(
    answers.map(({ status, code }) => [status, code]),
    [
      [503, 'shutting_down'],
      [503, 'shutting_down'],
    ],
  )
  t.equal((await proxy.exited).code, 0)
  await proxy.drained
  checkAudit(t, world)
  t.equal(model.requests.length, 1, 'what was not there whole was not sent')
})

t.test('an upstream that answers before it has everything', linux, async (t) => {
  const { world, model, proxy, gone, bytes } = await started(t)
  model.scriptEarly('/v1/files', ({ response }) => {
    response.writeHead(413, { 'content-type': 'application/json' }).end('{"error":{"code":"too_big"}}')
  })
  const connection = await rawConnect(proxy.port)
  connection.send(await bytes(form(8 * KIB * KIB)))
  const answer = await connection.answer()
  t.same([answer.status, answer.code], [413, 'too_big'], 'its answer is passed on')
  const complete = await proxy.audit.complete(answer.header('x-request-id') ?? '')
  t.equal(complete.get('event.reason'), 'upstream_4xx')
  await gone()
  model.scriptEarly('/v1/files', ({ socket }) => void socket.resetAndDestroy())
  connection.send(await bytes(form(8 * KIB * KIB)))
  const reset = await connection.answer()
  t.same([reset.status, reset.code], [502, 'upstream_unavailable'], 'and a reset is what it is')
  await gone()
  await endInOrder(t, world)
})

t.test('an upstream that takes nothing more', linux, async (t) => {
  const { model } = await started(t)
  const timeouts = { first_byte: '300ms' }
  const { world, proxy, gone, bytes } = await started(t, {
    upstreams: [{ name: 'mock', url: model.url, models: ['*'], isolation: 'off', timeouts }],
  })
  model.scriptEarly('/v1/files', ({ socket }) => void socket.pause())
  const connection = await rawConnect(proxy.port)
  connection.send(await bytes(form(16 * KIB * KIB)))
  const answer = await connection.answer()
  t.same([answer.status, answer.code], [504, 'upstream_timeout'])
  await gone()
  await endInOrder(t, world)
})

t.test('what may be kept, and how long it may take', linux, async (t) => {
  const { world, model, proxy, spooled, gone, bytes } = await started(t, {
    listen: {
      max_upload: '256KiB',
      max_spooled: '512KiB',
      timeouts: { body: '400ms', upload: '5s' },
    },
  })
  let reason: unknown
  const ask = async (sent: Buffer) => {
    const connection = await rawConnect(proxy.port)
    connection.send(sent)
    const answer = await connection.answer()
    connection.close()
    const event = await proxy.audit.decision(answer.header('x-request-id') ?? '')
    reason = event.get('event.reason')
    return [answer.status, answer.code]
  }
  t.same(await ask(await bytes(form(255 * KIB))), [200, undefined], 'as much as may be')
  t.same(await ask(await bytes(form(256 * KIB))), [413, 'body_too_large'], 'more, announced')
  const chunked = ['Transfer-Encoding: chunked']
  const body = form(300 * KIB)
  const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  t.same(await ask(await bytes(chunks, chunked)), [413, 'body_too_large'], 'more, in chunks')
  await gone()

  const held = await rawConnect(proxy.port)
  const before = model.requests.length
  await held.flushed((await bytes(form(200 * KIB))).subarray(0, -10))
  await polled(async () => (await spooled()) > 150 * KIB, 'the first upload to be kept')
  t.same(await ask(await bytes(form(200 * KIB))), [429, 'rate_limit_exceeded'], 'the caller has its share')
  t.equal(reason, 'spool_budget', 'on disk')
  t.same(await ask(await bytes(form(200 * KIB), [], CAROL)), [200, undefined], 'another one has its own')
  const late = await held.answer()
  t.same([late.status, late.code], [408, 'request_timeout'], 'between two pieces')
  t.match(late.body.toString(), 'within 400 ms')
  t.equal(model.requests.length, before + 1)
  await gone()

  const expecting = await rawConnect(proxy.port)
  const whole = await bytes(form(KIB), ['Expect: 100-continue'])
  const head = whole.indexOf('\r\n\r\n') + 4
  expecting.send(whole.subarray(0, head))
  await expecting.receives('100 Continue')
  expecting.send(whole.subarray(head))
  const answer = await expecting.answer()
  t.same([answer.status, answer.informational], [200, [100]], 'a client that asks first')
  await endInOrder(t, world)
})

t.test('a disk that is not there', linux, async (t) => {
  const { world, model, proxy, bytes } = await started(t, { listen: { spool: '../spool' } })
  writeFileSync(join(proxy.folder, 'spool'), 'no folder, once it is needed')
  const connection = await rawConnect(proxy.port)
  connection.send(await bytes(form(400 * KIB)))
  const answer = await connection.answer()
  t.same([answer.status, answer.code, answer.header('retry-after')], [503, 'overloaded', '5'])
  const event = await proxy.audit.decision(answer.header('x-request-id') ?? '')
  t.equal(event.get('event.reason'), 'spool_unavailable')
  t.equal(model.connections, 0, 'no half upload upstream')
  const small = await rawConnect(proxy.port)
  small.send(await bytes(form(KIB)))
  t.equal((await small.answer()).status, 200, 'what fits into memory needs none')
  await endInOrder(t, world)
})
