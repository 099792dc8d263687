import t from 'tap'
import type { Principal } from '../../../../src/model/identity.ts'
import type { ClientExchange } from '../../../../src/model/ports.ts'
import type { RequestHead } from '../../../../src/model/request.ts'
import { BodyBudget } from '../../../../src/pipeline/body-budget.ts'
import { type Conversation, type ConversePorts, converse } from '../../../../src/pipeline/realtime/converse.ts'
import { SessionPlaces } from '../../../../src/pipeline/realtime/session-places.ts'
import type { Snapshot } from '../../../../src/pipeline/snapshot.ts'
import type { Trail } from '../../../../src/pipeline/trail.ts'
import { startRealtimeServer } from '../../../support/realtime-server.ts'
import { within } from '../../../support/within.ts'

/** What happens when the client's side is to be opened, and whether that is a bug that is thrown on. */
const rows: readonly (readonly [name: string, take: () => null, isBug: boolean])[] = [
  [
    'a bug meets it',
    () => {
      throw new Error('a bug')
    },
    true,
  ],
  ['its client is gone', () => null, false],
]

t.test('an upstream whose client cannot be accepted is let go of', async (t) => {
  const provider = await startRealtimeServer()
  t.teardown(() => provider.close())
  for (const [at, [name, take, isBug]] of rows.entries()) {
    const [sessions, bodies] = [new SessionPlaces(), new BodyBudget(1024, 1024)]
    const timeouts = { connectMs: 5000, firstByteMs: 5000 }
    const wanted = {
      ...{ head: { rawHeaders: [] } as unknown as RequestHead, dialect: 'realtime', model: 'm', alias: null },
      ...{ route: { path: '/v1/realtime', query: 'model=m' }, obligations: null },
      upstream: { settings: { url: provider.url, apiKey: null, timeouts } },
    } as unknown as Conversation
    const exchange = { id: 'r', gone: false, stopped: null, onGone: null, upgrade: { watch: () => undefined, take } }
    const outcomes: unknown[] = []
    const trail = { complete: ({ outcome }: { outcome: string }) => outcomes.push(outcome) } as unknown as Trail
    const ports = { sessions, bodies } as unknown as ConversePorts
    const client = exchange as unknown as ClientExchange
    const served = { head: wanted.head, principal: {} as Principal, exchange: client, snapshot: {} as Snapshot, trail }
    const carried = converse(wanted, served, ports)
    if (isBug) await t.rejects(carried, { message: 'a bug' }, name)
    else t.equal(await carried, null, name)
    const session = await provider.sessions.until((all) => all[at], `${name}: a session upstream`)
    await within(session.closed, `${name}: the end of the session upstream`)
    t.same([sessions.size, bodies.heldBytes, exchange.onGone], [0, 0, null], `${name}: nothing of it is kept`)
    t.same(outcomes, isBug ? [] : ['client_gone'], `${name}: what is told of it`)
  }
})
