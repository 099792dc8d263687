import fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'

/** Why the process cannot serve right now; empty when it can. */
export type Readiness = () => readonly string[]

/**
 * The admin listener: `/healthz` (the process lives), `/readyz` (it can serve) and `/metrics`. It has no part in a
 * request's way and is never served on the proxy's port.
 */
export function createAdminServer(readiness: Readiness, metrics: Registry | null): FastifyInstance {
  const server = fastify({ logger: false, bodyLimit: 1024, forceCloseConnections: true })
  server.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
  })
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not found' }))
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const reasons = readiness()
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .send({ status: reasons.length === 0 ? 'ready' : 'not ready', reasons })
  })
  if (metrics) {
    server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()))
  }
  return server
}
