import { createServer, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startIdentityProvider } from '../support/identity-provider.ts'
import { listening } from '../support/loopback.ts'
import { MIB, processMemory, noProcessMemory as skip } from '../support/process-memory.ts'
import { polled, startProxy } from '../support/proxy.ts'
import { within } from '../support/within.ts'
import { ALICE } from '../support/world.ts'

const ANSWER_BYTES = 1024 * MIB
const WARM_BYTES = 128 * MIB
const GROWTH_BYTES = 64 * MIB
const PATIENCE_MS = 150_000
const BLOCK = Buffer.alloc(MIB / 4, 'some bytes of a file')
const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [{ id: 'files', effect: 'allow', roles: ['analyst'], operations: ['files.*'] }],
}

/** Answers with as many bytes as the path says, as fast as they are taken, and counts those that were. */
async function startSource(t: Test): Promise<{ url: string; taken: () => number }> {
  let taken = 0
  const give = async (response: ServerResponse, bytes: number) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes })
    for (let left = bytes; left > 0; left -= BLOCK.length) {
      if (!response.write(BLOCK)) await new Promise((resolve) => response.once('drain', resolve))
      taken += BLOCK.length
    }
    response.end()
  }
  const server = createServer((request, response) => {
    taken = 0
    void give(response, Number(/file-(\d+)/.exec(request.url ?? '')?.[1]))
  })
  const { origin, close } = await listening(server)
  t.teardown(close)
  return { url: `${origin}/v1`, taken: () => taken }
}

t.test(
  'a slow reader of 1 GB takes the proxy less than 64 MB of memory more than one of 128 MB',
  { skip, timeout: PATIENCE_MS },
  async (t) => {
    const [idp, source] = await Promise.all([startIdentityProvider(), startSource(t)])
    const proxy = await startProxy({ issuer: idp.issuer, upstream: source.url, isolation: 'off', policy: POLICY })
    t.teardown(async () => {
      await proxy.close()
      await idp.close()
    })
    const pid = proxy.child.pid ?? 0
    const token = await idp.token(ALICE)
    /** Reads nothing until nothing more comes from the upstream, then a little at a time. */
    const read = async (bytes: number): Promise<number> => {
      const socket = connect({ port: proxy.port, host: '127.0.0.1' })
      const head = [`GET /v1/files/file-${bytes}/content HTTP/1.1`, 'Host: x', `Authorization: Bearer ${token}`]
      socket.write(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n`)
      let before = -1
      await polled(async () => {
        const isStill = source.taken() === before && before > 0
        before = source.taken()
        return isStill
      }, 'the upstream to be held back')
      let seen = 0
      for await (const chunk of socket) {
        seen += (chunk as Buffer).length
        await setImmediate()
      }
      return seen
    }

    // All code is there then, and so is what V8 lets lie of used buffers before it collects them: some 60 MB, whatever passes.
    t.ok((await read(WARM_BYTES)) > WARM_BYTES, 'a smaller one before')
    const before = processMemory(pid, 'VmRSS')
    const seen = within(read(ANSWER_BYTES), 'the whole answer', PATIENCE_MS)
    await polled(async () => source.taken() > 0, 'the answer to begin')
    const bytes = await seen
    t.ok(bytes > ANSWER_BYTES && bytes < ANSWER_BYTES + MIB, 'all of it came')
    const growth = processMemory(pid, 'VmHWM') - before
    t.ok(growth < GROWTH_BYTES, `${Math.round(growth / MIB)} MiB more`)
    t.equal(await proxy.stop(), 0)
  },
)
