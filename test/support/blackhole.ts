import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const LISTEN = `
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))
`

/**
 * A port on loopback to which no connection is ever made: a listener that is stopped, with its queue full. The kernel
 * then drops what asks for one more, as a firewall would.
 */
export async function openBlackhole(): Promise<{ readonly port: number; close(): void }> {
  const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const port = Number(String(line))
  child.kill('SIGSTOP')
  const queued: Socket[] = []
  // The queue holds a few more than its backlog says; what connects fills it, and the first that does not proves it.
  for (let full = false; !full; ) {
    const socket = connect(port, '127.0.0.1')
    queued.push(socket)
    full = !(await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 250)),
    ]))
    socket.on('error', () => undefined)
  }
  return {
    port,
    close: () => {
      for (const socket of queued) socket.destroy()
      child.kill('SIGKILL')
    },
  }
}
