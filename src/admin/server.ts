import fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { type ScimPorts, scimRoutes } from './scim/routes.ts'

/** Why the process cannot serve right now; empty when it can. */
export type Readiness = () => readonly string[]

/** Whoever is slower in sending a request is cut off. Milliseconds. */
const REQUEST_MS = 30_000

/**
 * The admin listener: `/healthz` (the process lives), `/readyz` (it can serve), `/metrics`, and `/scim/v2` where an identity
 * provider tells of its users. It has no part in a request's way and is never served on the proxy's port.
 */
export function createAdminServer(
  readiness: Readiness,
  metrics: Registry | null,
  scim: ScimPorts | null = null,
): FastifyInstance {
  const server = fastify({ logger: false, bodyLimit: 1024, forceCloseConnections: true, requestTimeout: REQUEST_MS })
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
  if (scim) server.register(async (scoped) => scimRoutes(scoped, scim), { prefix: '/scim/v2' })
  return server
}
