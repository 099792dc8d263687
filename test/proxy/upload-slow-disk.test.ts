import t, { type Test } from 'tap'
import { polled } from '../support/proxy.ts'
import { rawConnect, requestBytes } from '../support/raw-client.ts'
import { endInOrder, startWorld } from '../support/world.ts'

const D = 'Content-Disposition: form-data'
const FILE = 'x'.repeat(400 * 1024)
const BODY = `--b\r\n${D}; name="purpose"\r\n\r\nuser_data\r\n--b\r\n${D}; name="file"; filename="a"\r\n\r\n${FILE}\r\n--b--\r\n`
const POLICY = {
  version: 1,
  roles: { all: { members: [{ group: 'analysts' }] } },
  rules: [{ id: 'files', effect: 'allow', roles: ['all'], operations: ['files.create', 'models.list'] }],
}

/** What the program loads first: files of uploads are written as slowly as this says. */
const disk = (write: string) => `
  import fs from 'node:fs'
  import { syncBuiltinESMExports } from 'node:module'
  const { open } = fs.promises
  fs.promises.open = async (path, ...rest) => {
    const file = await open(path, ...rest)
    const write = file.write.bind(file)
    if (String(path).includes('/sallyport-')) file.write = ${write}
    return file
  }
  syncBuiltinESMExports()
`
const HANGING = disk('() => new Promise(() => undefined)')
const SLOW = disk('(...bytes) => new Promise((done) => setTimeout(done, 100)).then(() => write(...bytes))')

async function started(t: Test, lines: string) {
  const world = await startWorld(t, {
    policy: POLICY,
    isolation: 'off',
    listen: { timeouts: { body: '400ms' } },
    env: { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(lines)}"` },
  })
  world.model.scriptPath('/v1/files', ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1"}')
  })
  const auth = `Authorization: Bearer ${await world.token()}`
  const type = 'Content-Type: multipart/form-data; boundary=b'
  const whole = requestBytes('POST /v1/files HTTP/1.1', ['Host: x', auth, type], BODY)
  const ask = async (bytes: Buffer) => {
    const connection = await rawConnect(world.proxy.port)
    connection.send(bytes)
    const answer = await connection.answer()
    connection.close()
    const event = await world.proxy.audit.decision(answer.header('x-request-id') ?? '')
    return { seen: [answer.status, answer.code], reason: event.get('event.reason') }
  }
  return { world, whole, ask }
}

t.test('a disk that takes nothing any more is not the client’s fault', async (t) => {
  const { world, whole, ask } = await started(t, HANGING)
  t.same(await ask(whole), { seen: [503, 'overloaded'], reason: 'spool_unavailable' })
  t.same(await ask(whole.subarray(0, -BODY.length + 300)), {
    seen: [408, 'request_timeout'],
    reason: 'request_timeout',
  })
  t.equal(world.model.connections, 0, 'nothing goes upstream')
  await polled(async () => {
    const { body } = await world.proxy.admin('/metrics')
    const held = Number(/^sallyport_buffered_bytes (\d+)$/m.exec(body)?.[1])
    return held >= 128 * 1024 && held < 160 * 1024
  }, 'what waits for the disk, and no other request, to count')
  await endInOrder(t, world)
})

t.test('a disk that is only slow takes an upload', async (t) => {
  const { world, whole, ask } = await started(t, SLOW)
  t.same((await ask(whole)).seen, [200, undefined])
  await endInOrder(t, world)
})
