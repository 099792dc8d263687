// What open streams that say nothing cost the proxy: `node test/bench/idle-streams.ts [--streams 9900]`. Each one takes
// two descriptors of the proxy, so that the limit of open files (`ulimit -n`) bounds them.
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { contentChunk, MODELS, streamHead } from './answers.ts'
import { makeCredential } from './credential.ts'
import { cpuNs, REST, residentMiB, start, stop } from './processes.ts'
import { startSallyport } from './sallyport.ts'

const AT_ONCE = 50
const SETTLE_MS = 3000
const IDLE_MS = 10_000
const RETRIES = 20
const RETRY_MS = 500

const { values } = parseArgs({
  options: { streams: { type: 'string', default: '9900' }, upstream: { type: 'boolean', default: false } },
})

/** Begins every answer and goes on with none. */
function serveSilence(): void {
  const text = `${streamHead}${contentChunk}`
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(text))
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    const address = server.address()
    if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`)
  })
  process.on('SIGTERM', () => process.exit(0))
}

/** A machine that does other work may keep the audit's reader waiting for a moment: the proxy refuses then, and is asked again. */
async function begun(port: number, request: string): Promise<Socket> {
  for (let again = 0; ; again++) {
    try {
      return await opened(port, request)
    } catch (cause) {
      if (again === RETRIES) throw cause
      await wait(RETRY_MS)
    }
  }
}

function opened(port: number, request: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    let seen = ''
    socket.on('error', reject)
    socket.on('data', (bytes) => {
      if (seen.includes('data: ')) return
      seen += bytes.toString('latin1')
      if (seen.includes('data: ')) resolve(socket)
      else if (!seen.startsWith('HTTP/1.1 200')) reject(new Error(seen.slice(0, 300)))
    })
  })
}

async function measure(streams: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-idle-'))
  const upstream = start(
    REST,
    process.execPath,
    [fileURLToPath(import.meta.url), '--upstream'],
    ['ignore', 'pipe', 'inherit'],
  )
  const sockets: Socket[] = []
  try {
    const [line] = upstream.stdout ? await once(upstream.stdout, 'data') : ['']
    const port = Number(String(line))
    const credential = makeCredential()
    const upstreams = { json: port, stream: port }
    const options = { name: 'idle', rules: 10, takes: 'own', folder, credential, upstreams, nodeArguments: [] } as const
    const proxy = await startSallyport(options)
    const { pid } = proxy
    if (pid === null) throw new Error('sallyport has no process')
    try {
      const body = JSON.stringify({ model: MODELS.paced, messages: [{ role: 'user', content: 'hi' }], stream: true })
      const head = ['POST /v1/chat/completions HTTP/1.1', 'Host: x', `Authorization: Bearer ${credential.token}`]
      const more = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]
      const request = `${[...head, ...more].join('\r\n')}\r\n\r\n${body}`
      const open = async (count: number) => {
        for (let left = count; left > 0; left -= AT_ONCE) {
          const batch = Array.from({ length: Math.min(AT_ONCE, left) }, () => begun(proxy.ports.stream, request))
          sockets.push(...(await Promise.all(batch)))
        }
        await wait(SETTLE_MS)
      }
      // The first hundred bring the code and the heap to their working size.
      await open(100)
      const before = residentMiB(pid)
      const began = performance.now()
      await open(streams - sockets.length)
      const seconds = (performance.now() - began) / 1000
      const after = residentMiB(pid)
      const cpu = cpuNs(pid)
      await wait(IDLE_MS)
      const idle = (cpuNs(pid) - cpu) / 1e6 / (IDLE_MS / 1000)
      const alive = sockets.filter((socket) => !socket.destroyed).length
      const descriptors = readdirSync(`/proc/${pid}/fd`).length
      process.stdout.write(
        `${alive} of ${sockets.length} idle streams, ${descriptors} descriptors, opened in ${seconds.toFixed(1)} s\n` +
          `resident: ${before.toFixed(0)} MiB with 100, ${after.toFixed(0)} MiB with all, ` +
          `${(((after - before) * 1024) / (sockets.length - 100)).toFixed(1)} KiB each; ` +
          `CPU while idle: ${idle.toFixed(1)} ms a second\n`,
      )
      if (alive !== sockets.length) process.exitCode = 1
    } finally {
      for (const socket of sockets) socket.destroy()
      await proxy.stop()
    }
  } finally {
    await stop(upstream)
    rmSync(folder, { recursive: true })
  }
}

if (values.upstream) serveSilence()
else await measure(Number(values.streams))
