import type { Test } from 'tap'
import { openTap } from '../../src/endpoints/tap.ts'
import { Secret } from '../../src/model/secret.ts'
import type { UpstreamSettings } from '../../src/model/settings.ts'
import { answerHeaders, blotKey } from '../../src/shape/answer.ts'
import type { Delivery } from '../../src/upstream/delivery.ts'
import { forward } from '../../src/upstream/forward.ts'
import { openUpstream, type Upstream } from '../../src/upstream/pools.ts'
import { type Listener, startListener } from './http-listener.ts'
import { startModelServer } from './model-server.ts'
import { Log } from './within.ts'

export const FORWARD_KEY = 'sk-forward-0123456789abcdefghij'

const TIMEOUTS = { connectMs: 5000, firstByteMs: 5000, idleMs: 5000, totalMs: 10_000 }

export function upstreamSettings(url: string, more: Partial<UpstreamSettings> = {}): UpstreamSettings {
  return {
    name: 'mock',
    kind: 'openai',
    url,
    apiKey: new Secret(FORWARD_KEY),
    models: ['*'],
    region: null,
    labels: {},
    timeouts: TIMEOUTS,
    isolation: 'off',
    markNames: true,
    priority: 1,
    weight: 1,
    allowInsecure: false,
    ...more,
  }
}

export interface Forwarder {
  readonly listener: Listener
  readonly upstream: Upstream
  readonly deliveries: Log<Delivery>
  close(): Promise<void>
}

/** The listener and the forwarding code joined by nothing else: what a client sends goes up, what comes back goes down. */
export async function startForwarder(
  url: string,
  timeouts: Partial<UpstreamSettings['timeouts']> = {},
  stripUsage = false,
): Promise<Forwarder> {
  const upstream = openUpstream(upstreamSettings(url, { timeouts: { ...TIMEOUTS, ...timeouts } }))
  const deliveries = new Log<Delivery>()
  const listener = await startListener({
    answer: async ({ head, body, exchange }) => {
      const headers = ['content-type', 'application/json', 'authorization', `Bearer ${FORWARD_KEY}`]
      const request = { method: head.method, path: head.target, headers, body, askedUsage: stripUsage }
      const delivery = await forward(upstream, request, exchange, {
        headers: answerHeaders,
        openTap: (kind, status) => openTap('completion', kind, status, stripUsage),
        blot: (bytes) => blotKey(bytes, upstream.settings.apiKey),
      })
      deliveries.push(delivery)
      if (delivery.outcome === 'failed' && delivery.fault) exchange.refuse(delivery.fault)
      if (delivery.outcome === 'broken' && delivery.fault) {
        if (delivery.stream) exchange.breakStream(delivery.fault, delivery.midEvent)
        else exchange.cut()
      }
    },
  })
  return {
    listener,
    upstream,
    deliveries,
    close: async () => {
      await listener.close()
      await upstream.pool.destroy()
    },
  }
}

/** A model server and the forwarding code before it, which end with the test. */
export async function startForwarding(
  t: Test,
  timeouts: Partial<UpstreamSettings['timeouts']> = {},
  stripUsage = false,
) {
  const model = await startModelServer()
  const forwarder = await startForwarder(model.url, timeouts, stripUsage)
  t.teardown(async () => {
    await forwarder.close()
    await model.close()
  })
  const delivery = (number: number) => forwarder.deliveries.until((all) => all[number - 1], `delivery ${number}`)
  return { model, forwarder, port: forwarder.listener.port, delivery }
}
