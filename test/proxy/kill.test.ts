import t from 'tap'
import { startIdentityProvider } from '../support/identity-provider.ts'
import { gated } from '../support/model-behaviours.ts'
import { startModelServer } from '../support/model-server.ts'
import { startProxy } from '../support/proxy.ts'
import { rawConnect } from '../support/raw-client.ts'
import { chatBody, chatBytes, checkAudit } from '../support/world.ts'

const ROUNDS = 50
const CLIENTS = 8

/**
 * `kill -9` under load. Each request names a model of its own, so that what reached the model server can be held
 * against the decision events that came out of the pipe before the end.
 */
t.test(
  `kill -9 under load, ${ROUNDS} rounds: what reached the upstream has its decision event`,
  { timeout: 300_000 },
  async (t) => {
    const model = await startModelServer()
    const idp = await startIdentityProvider()
    t.teardown(async () => {
      await idp.close()
      await model.close()
    })
    const token = await idp.token('alice@example.org')
    let reached = 0
    let undecided = 0
    const start = () => startProxy({ upstream: model.url, issuer: idp.issuer })
    let starting = start()
    for (let round = 0; round < ROUNDS; round++) {
      const proxy = await starting
      // The next one starts while this one is under load.
      if (round + 1 < ROUNDS) starting = start()
      t.teardown(() => proxy.close())
      const from = model.requests.length
      let count = 0
      let going = true
      const client = async () => {
        while (going) {
          const connection = await rawConnect(proxy.port).catch(() => null)
          if (connection === null) return
          // Several on one connection, and every third one a stream, so that the end meets requests in every state.
          for (let turn = 0; turn < 20 && going; turn++) {
            const name = `gpt-4o-mini-${round}-${++count}`
            connection.send(chatBytes(token, chatBody(name, { stream: count % 3 === 0 })))
            if ((await connection.answer().catch(() => null)) === null) break
          }
          connection.close()
        }
      }
      const clients = Promise.all(Array.from({ length: CLIENTS }, client))
      // Another moment each round: after so many requests, in the middle of what those have set going.
      await model.arrival(from + 10 + round * 3)
      await proxy.kill()
      going = false
      await clients
      const decided = new Set(
        proxy.audit.withAction('request-authorized').map((line) => String(line.get('gen_ai.request.model'))),
      )
      for (const request of model.requests.slice(from)) {
        const name = /"model":"([^"]+)"/.exec(request.body.toString())?.[1]
        if (name === undefined) continue
        reached += 1
        if (!decided.has(name)) undecided += 1
      }
      if (round % 10 === 0) checkAudit(t, { proxy, secrets: new Set([token]) }, 'killed')
      await proxy.close()
    }
    t.ok(reached > ROUNDS * 10, `${reached} requests reached the model server`)
    t.equal(undecided, 0, 'each of them had been decided in what was read')
  },
)

t.test('kill -9 in the middle of a stream: its decision is there', async (t) => {
  const model = await startModelServer()
  const idp = await startIdentityProvider()
  const proxy = await startProxy({ upstream: model.url, issuer: idp.issuer })
  t.teardown(async () => {
    await proxy.close()
    await idp.close()
    await model.close()
  })
  model.script('gpt-4o-mini-gated', gated(new Promise(() => undefined)))
  const connection = await rawConnect(proxy.port)
  const body = chatBody('gpt-4o-mini-gated', { stream: true })
  connection.send(chatBytes(await idp.token('alice@example.org'), body))
  await connection.receives('data: ')
  await proxy.kill()
  t.equal(proxy.audit.withAction('request-authorized').length, 1)
  t.equal(await (await model.arrival(1)).over, 'aborted')
  connection.close()
})
