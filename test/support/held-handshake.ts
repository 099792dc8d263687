import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Stands between a client and a port, and lets nothing of the client through behind its first words until it is told to. */
export class HeldHandshake {
  readonly #server: Server
  readonly #held: (() => void)[] = []
  #isOpen = false

  private constructor(server: Server) {
    this.#server = server
  }

  static async before(t: Test, port: number): Promise<HeldHandshake> {
    const server = createServer()
    const held = new HeldHandshake(server)
    const sockets = new Set<Socket>()
    server.on('connection', (client) => {
      const proxy = connect(port, '127.0.0.1')
      for (const socket of [client, proxy]) sockets.add(socket.on('error', () => undefined))
      proxy.pipe(client)
      client.once('data', (hello) => {
        client.pause()
        proxy.write(hello)
        held.#hold(() => client.pipe(proxy))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return held
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  release(): void {
    this.#isOpen = true
    for (const goOn of this.#held) goOn()
  }

  #hold(goOn: () => void): void {
    if (this.#isOpen) goOn()
    else this.#held.push(goOn)
  }
}
