import { randomInt } from 'node:crypto'
import t, { type Test } from 'tap'
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'
import { answerTo } from '../support/model-answers.ts'
import { drip } from '../support/model-behaviours.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { polled, type RunningProxy, startProxy } from '../support/proxy.ts'
import { startTraffic } from '../support/traffic.ts'
import { ALICE, chatBody, chatBytes, checkAudit } from '../support/world.ts'

const ROUNDS = Number(process.env.SALLYPORT_CRASH_ROUNDS ?? 50)
const CLIENTS = 12
/** Requests that have reached the model server when the round is to end, at most. */
const LATEST_ARRIVAL = 150
const SPREAD_MICROSECONDS = 3000

interface Stage {
  readonly model: ModelServer
  readonly idp: IdentityProvider
  readonly token: string
}

interface Tally {
  requests: number
  /** Authorized requests that had not ended when the proxy was killed. */
  cutShort: number
  /** Rounds whose last line is torn. */
  torn: number
}

const plural = (count: number, what: string) => `${count} ${what}`

/** At a moment of its own in each round: after so many arrivals, and then somewhere between two turns of the loops. */
async function killAtRandom({ model }: Stage, proxy: RunningProxy, before: number): Promise<void> {
  await model.arrival(before + 1 + randomInt(LATEST_ARRIVAL))
  const until = performance.now() + randomInt(SPREAD_MICROSECONDS) / 1000
  do await new Promise((resolve) => setImmediate(resolve))
  while (performance.now() < until)
  await proxy.kill()
}

const increment = (counts: Map<string, number>, name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1)

/** Every request names a model of its own: what arrived upstream is held against the decisions in the pipe, one by one. */
async function crash(t: Test, stage: Stage, proxy: RunningProxy, round: number, tally: Tally): Promise<void> {
  const { model, token } = stage
  const before = model.requests.length
  let count = 0
  const traffic = startTraffic(proxy.port, CLIENTS, () => {
    const number = count++
    return chatBytes(token, chatBody(`gpt-4o-mini-${round}-${number}`, { stream: number % 2 === 0 }))
  })
  await killAtRandom(stage, proxy, before)
  await traffic.over
  await polled(async () => model.open === 0, 'the model server to have read all that was sent')
  const decided = new Map<string, number>()
  for (const line of proxy.audit.withAction('request-authorized')) {
    increment(decided, String(line.get('gen_ai.request.model')))
  }
  const arrived = new Map<string, number>()
  for (const { body } of model.requests.slice(before)) {
    increment(arrived, /"model":"([^"]+)"/.exec(body.toString())?.[1] ?? 'unreadable')
  }
  const wrong = [...arrived].filter(([name, times]) => times !== 1 || decided.get(name) !== 1)
  t.same(wrong, [], `round ${round}: each of ${plural(arrived.size, 'requests')} has one decision`)
  const twice = [...decided].filter(([, times]) => times !== 1)
  t.same(twice, [], `round ${round}: no request is decided twice`)
  checkAudit(t, { proxy, secrets: new Set([token]) }, 'killed')
  tally.requests += arrived.size
  tally.cutShort += decided.size - proxy.audit.all().filter((line) => line.stage === 'complete').length
  if (!proxy.audit.text.endsWith('\n')) tally.torn += 1
}

t.test(`${ROUNDS} kills under load: no request reaches an upstream without its decision in the log`, async (t) => {
  const model = await startModelServer()
  const idp = await startIdentityProvider()
  model.scriptPath('/v1/chat/completions', (call) => (call.json?.stream === true ? drip(call) : answerTo(call, [])))
  const stage: Stage = { model, idp, token: await idp.token(ALICE) }
  const open = new Set<RunningProxy>()
  t.teardown(async () => {
    for (const proxy of open) await proxy.close()
    await idp.close()
    await model.close()
  })
  const start = async () => {
    const proxy = await startProxy({ upstream: model.url, issuer: idp.issuer })
    open.add(proxy)
    return proxy
  }
  const tally: Tally = { requests: 0, cutShort: 0, torn: 0 }
  let next = start()
  for (let round = 1; round <= ROUNDS; round++) {
    const proxy = await next
    // The start of the next one takes longer than a round: it goes on meanwhile.
    if (round < ROUNDS) next = start()
    await crash(t, stage, proxy, round, tally)
    await proxy.close()
    open.delete(proxy)
  }
  t.ok(tally.requests >= ROUNDS, plural(tally.requests, 'requests'))
  t.ok(tally.cutShort > 0, plural(tally.cutShort, 'of them were running when the proxy was killed'))
  t.comment(plural(tally.torn, 'rounds ended in a torn line'))
})
