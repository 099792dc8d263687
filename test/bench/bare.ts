// The floor that Sallyport is measured against: `node:http` in, one `undici` Pool out, both bodies streamed with
// backpressure, connections kept alive, and nothing checked, judged, counted or written.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'host'])

function requestHeaders(raw: readonly string[]): string[] {
  const headers: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? ''
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, raw[index + 1] ?? '')
  }
  return headers
}

function answerHeaders(received: IncomingHttpHeaders): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {}
  for (const name in received) if (!HOP_BY_HOP.has(name)) headers[name] = received[name]
  return headers
}

class Transfer implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  #controller: Dispatcher.DispatchController | null = null

  constructor(response: ServerResponse) {
    this.#response = response
    response.on('drain', () => this.#controller?.resume())
    response.once('close', () => {
      if (!response.writableFinished) this.#controller?.abort(new Error('client gone'))
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) this.#response.writeHead(status, answerHeaders(headers))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) controller.pause()
  }

  onResponseEnd(): void {
    this.#response.end()
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy()
    else this.#response.writeHead(502).end()
  }
}

/** The whole body in one piece: nothing is sent on before it is there. */
function collect(request: IncomingMessage, send: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.once('end', () => send(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
}

function listen(mode: string, upstreamPort: string): Promise<number> {
  const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { allowH2: false, pipelining: 1 })
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { method = 'GET', url: path = '/', rawHeaders } = request
    const send = (body: IncomingMessage | Buffer | null) => {
      const head = { path, method: method as Dispatcher.HttpMethod, headers: requestHeaders(rawHeaders) }
      pool.dispatch({ ...head, body }, new Transfer(response))
    }
    if (method === 'GET' || method === 'HEAD') send(null)
    else if (mode === 'collect') collect(request, send)
    else send(request)
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address !== null && typeof address !== 'string') resolve(address.port)
    })
  })
}

const [mode = 'stream', ...upstreamPorts] = process.argv.slice(2)
const ports = await Promise.all(upstreamPorts.map((port) => listen(mode, port)))
process.stdout.write(`${ports.join(' ')}\n`)
process.on('SIGTERM', () => process.exit(0))
