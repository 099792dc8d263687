import t from 'tap'
import { fault } from '../../../../src/model/fault.ts'
import type { Liveness } from '../../../../src/pipeline/realtime/liveness.ts'
import { Relay } from '../../../../src/pipeline/realtime/relay.ts'
import { FakeEnd } from '../../../support/session-scene.ts'

function open() {
  const [client, upstream] = [new FakeEnd(), new FakeEnd()]
  const bugs: unknown[] = []
  const relay = new Relay(client, upstream, { check: () => null } as unknown as Liveness, {
    isAuditWritable: () => true,
    lost: () => null,
    bug: (cause) => bugs.push(cause),
  })
  return { client, upstream, bugs, relay, ending: relay.run() }
}

const broken = new Error('a bug')
const fail = () => {
  throw broken
}

/** What meets it, and the outcome, which a bug on the way out does not change. */
const rows: readonly (readonly [string, (ends: ReturnType<typeof open>) => void, string])[] = [
  [
    'in a message',
    ({ client, upstream }) => {
      upstream.send = fail
      client.says('hello')
    },
    'broken',
  ],
  [
    'where more is taken',
    ({ client, upstream }) => {
      client.resume = fail
      upstream.onDrain?.()
    },
    'broken',
  ],
  [
    'as the client leaves',
    ({ client, upstream }) => {
      upstream.close = fail
      client.leave(1000)
    },
    'answered',
  ],
  [
    'as the upstream leaves',
    ({ client, upstream }) => {
      client.close = fail
      upstream.leave(4001)
    },
    'answered',
  ],
  [
    'as the proxy ends it',
    ({ client, relay }) => {
      client.close = fail
      relay.end(fault('shutting_down', 'no'))
    },
    'broken',
  ],
]

t.test('a bug cuts both ends of the socket that it meets, and nothing else', async (t) => {
  for (const [name, meet, outcome] of rows) {
    const ends = open()
    t.doesNotThrow(() => meet(ends), name)
    t.equal((await ends.ending).outcome, outcome, name)
    t.same(ends.bugs, [broken], `${name}: it is told of`)
    t.same([ends.client.onClose, ends.upstream.onClose], [null, null], `${name}: both ends are closed`)
    t.same([ends.client.sent, ends.upstream.sent], [[], []], `${name}: nothing of the proxy's is said`)
  }
})

t.test('its twin without one passes on, and is ended with a code', async (t) => {
  const { client, upstream, bugs, relay, ending } = open()
  client.says('hello')
  upstream.says('there')
  t.same([upstream.sent, client.sent], [['hello'], ['there']])
  relay.end(fault('shutting_down', 'no'))
  client.says('too late')
  t.same([client.closedWith, upstream.closedWith, upstream.sent.length, bugs], [1001, 1000, 1, []])
  t.match(await ending, { outcome: 'broken', fault: { code: 'shutting_down' } })
})
