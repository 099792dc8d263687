import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import type { Fault } from '../../../src/model/fault.ts'
import type { MessageSocket, SocketAllowances } from '../../../src/model/ports.ts'
import { BodyBudget } from '../../../src/pipeline/body-budget.ts'
import { acceptSocket, dialSocket } from '../../../src/sockets/web-socket.ts'
import { Log } from '../../support/within.ts'

const MIB = 1024 * 1024
const HOWS = ['accepted', 'dialled'] as const
type How = (typeof HOWS)[number]

/** One of our ends, and the peer that it is connected with. What waits at our end may take 1 MiB. */
async function connected(t: Test, how: How) {
  const budget = new BodyBudget(MIB, MIB)
  const allowances = { unread: budget.open('a'), unsent: budget.open('a') }
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const opened = how === 'accepted' ? accepted : dialled
  const { end, peer } = await opened(server, url, allowances)
  t.teardown(() => peer.terminate())
  const [messages, excess, closed] = [new Log<string>(), new Log<Fault>(), new Log<number>()]
  end.onMessage = (message) => messages.push(message.toString())
  end.onExcess = (fault) => excess.push(fault)
  end.onClose = (code) => closed.push(code)
  end.resume()
  return { end, peer, raw: Reflect.get(peer, '_socket') as Socket, budget, messages, excess, closed }
}

type Server = ReturnType<typeof createServer>
type Pair = Promise<{ end: MessageSocket; peer: WebSocket }>

async function accepted(server: Server, url: string, allowances: SocketAllowances): Pair {
  const found = new Promise<MessageSocket | null>((resolve) => {
    server.once('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      resolve(acceptSocket({ request, socket, head }, null, [], allowances))
    })
  })
  const peer = new WebSocket(url)
  await new Promise((resolve) => peer.once('open', resolve))
  return { end: (await found) as MessageSocket, peer }
}

async function dialled(server: Server, url: string, allowances: SocketAllowances): Pair {
  const sockets = new WebSocketServer({ server })
  const found = new Promise<WebSocket>((resolve) => sockets.once('connection', resolve))
  const answer = await dialSocket({ url, headers: {}, handshakeMs: 5000 }, new AbortController().signal, allowances)
  if (answer.outcome !== 'open') throw new Error(answer.outcome)
  return { end: answer.socket, peer: await found }
}

const piece = (bytes: number) => 'x'.repeat(bytes)

for (const how of HOWS) {
  t.test(`what is not whole yet is counted (${how})`, async (t) => {
    const { peer, budget, messages, excess } = await connected(t, how)
    peer.send(piece(900 * 1024), { fin: false })
    peer.send('', { fin: true })
    await messages.until((all) => all[0], 'the whole message')
    t.same([budget.heldBytes, excess.entries], [0, []], 'a whole one is not')
    peer.send(piece(1100 * 1024), { fin: false })
    t.match(await excess.until((all) => all[0], 'too much'), { code: 'rate_limit_exceeded', reason: 'body_budget' })
    t.equal(messages.entries.length, 1)
  })

  t.test(`what waits for the peer is counted (${how})`, async (t) => {
    const { end, raw, budget, excess } = await connected(t, how)
    raw.pause()
    let drained: () => void = () => undefined
    end.onDrain = () => drained()
    for (let count = 0; count < 1000 && end.send(piece(64 * 1024)); count++);
    t.ok(budget.heldBytes >= 500 * 1024, `${budget.heldBytes} bytes`)
    t.same(excess.entries, [])
    const drain = new Promise<void>((resolve) => {
      drained = resolve
    })
    raw.resume()
    await drain
    t.equal(budget.heldBytes, 0, 'and no more once it is taken')
    raw.pause()
    for (let count = 0; count < 1000 && excess.entries.length === 0; count++) end.send(piece(64 * 1024))
    t.match(excess.entries[0], { reason: 'body_budget' })
  })

  t.test(`messages of no length that wait for the peer are counted, too (${how})`, async (t) => {
    const { end, raw, budget, excess } = await connected(t, how)
    raw.pause()
    let sent = 0
    while (sent < 100_000 && end.send('')) sent++
    t.ok(sent < 10_000, `${sent} of them before it asks to send no more`)
    t.ok(budget.heldBytes >= 500 * 1024, `${budget.heldBytes} bytes`)
    const drain = new Promise<void>((resolve) => {
      end.onDrain = resolve
    })
    raw.resume()
    await drain
    t.equal(budget.heldBytes, 0, 'and no more once they are taken')
    t.equal(end.send('x'), true, 'a single one is sent')
    t.same(excess.entries, [])
  })

  t.test(`others have a turn between two messages (${how})`, async (t) => {
    const { end, peer, raw, messages } = await connected(t, how)
    let turns = 0
    const { onMessage } = end
    end.onMessage = (message, isBinary) => {
      setImmediate(() => turns++)
      onMessage?.(message, isBinary)
    }
    raw.cork()
    for (let count = 0; count < 500; count++) peer.send(String(count))
    raw.uncork()
    await messages.until((all) => all[499], 'all messages')
    t.same(
      messages.entries,
      Array.from({ length: 500 }, (_, count) => String(count)),
      'in order',
    )
    t.ok(turns > 400, `${turns} turns`)
  })

  t.test(`what is held ends with the connection (${how})`, async (t) => {
    const { peer, budget, closed } = await connected(t, how)
    peer.send(piece(900 * 1024), { fin: false }, () => peer.terminate())
    await closed.until((all) => all[0], 'the end')
    t.equal(budget.heldBytes, 0)
  })

  t.test(`pings are no part of a message, and there may not be very many (${how})`, async (t) => {
    const { end, peer, budget, messages, excess } = await connected(t, how)
    const pongs = new Log<string>()
    peer.on('pong', (payload: Buffer) => pongs.push(payload.toString()))
    for (let count = 0; count < 50; count++) peer.ping(String(count).padStart(125, '.'))
    peer.send('a')
    await messages.until((all) => all[0], 'the message behind them')
    await pongs.until((all) => all[49], 'an answer to each')
    t.same([budget.heldBytes, excess.entries], [0, []])
    for (let count = 0; count < 1000; count++) peer.ping(piece(125))
    const reason = how === 'accepted' ? 'control_frames' : 'bad_stream'
    t.match(await excess.until((all) => all[0], 'too many'), { reason })
    peer.send('b')
    await messages.until((all) => all[1], 'the message behind them')
    const answered = new Promise((resolve) => peer.once('message', resolve))
    end.send('c')
    await answered
    t.ok(pongs.entries.length < 1000, `${pongs.entries.length} answers`)
  })
}
