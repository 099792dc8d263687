import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { canonicalAddress } from '../../http/client-address.ts'
import type { ScimSettings } from '../../model/identity-settings.ts'
import type { JsonBody, JsonObject } from '../../model/json.ts'
import type { Deprovisioner, ScimBy, ScimStore } from '../../model/scim.ts'
import { parseStrictJson } from '../../model/strict-json.ts'
import { answered, faultAnswer, notFound, type ScimAnswer, type ScimFault } from './answers.ts'
import { type Shown as Bearer, bearerShown } from './bearer.ts'
import { groups } from './groups.ts'
import type { Kind, Versioned } from './kind.ts'
import { readListQuery, readShown } from './query.ts'
import { Resources, type ScimWork } from './resources.ts'
import { listOf, RESOURCE_TYPES, SCHEMAS, SERVICE_PROVIDER } from './schemas.ts'
import { users } from './users.ts'

/** What the routes are served with. */
export interface ScimPorts {
  /** Those in force; null: there is no SCIM here. */
  readonly settings: () => ScimSettings | null
  /** Null where no store is open. */
  readonly store: () => ScimStore | null
  readonly end: Deprovisioner
  /** Epoch milliseconds. */
  readonly clock: () => number
  readonly newId: () => string
  readonly isAuditWritable: () => boolean
  /** Told of everybody who shows no token, or another one: how long they have to wait; null where they need not. */
  readonly denied: (client: string, why: Exclude<Bearer, 'right'>) => number | null
  /** Told of what is the store's, or a bug. */
  readonly failed: (cause: unknown) => void
}

const MAX_BODY = 1024 * 1024
const LIMITS = { depth: 16, members: 50_000, containers: 25_000, values: 100_000 } as const
const MEDIA_TYPE = 'application/scim+json'
const unavailable: ScimFault = { status: 503, detail: 'this cannot be done right now: try again later' }
const RETRY = { 'retry-after': '30' }

/** SCIM 2.0 (RFC 7644) below `/scim/v2`: nothing there is answered without the token, not even what there is not. */
export function scimRoutes(server: FastifyInstance, ports: ScimPorts): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser([MEDIA_TYPE, 'application/json'], { parseAs: 'buffer', bodyLimit: MAX_BODY }, takeBytes)
  server.addHook('onRequest', async (request, reply) => admitted(request, reply, ports))
  server.setErrorHandler((cause, _request, reply) => send(reply, failure(cause, ports)))
  server.setNotFoundHandler((_request, reply) => send(reply, faultAnswer(notFound)))
  resources(server, users, ports)
  resources(server, groups, ports)
  server.get('/ServiceProviderConfig', (_request, reply) => send(reply, answered(200, SERVICE_PROVIDER)))
  constants(server, '/ResourceTypes', RESOURCE_TYPES)
  constants(server, '/Schemas', SCHEMAS)
}

/** The order of the checks is that of what they give away. */
async function admitted(request: FastifyRequest, reply: FastifyReply, ports: ScimPorts): Promise<unknown> {
  const token = ports.settings()?.token ?? null
  if (token === null) return send(reply, faultAnswer(notFound))
  const shown = bearerShown(request.raw.rawHeaders, token)
  if (shown !== 'right') {
    const waitMs = ports.denied(clientOf(request), shown)
    const headers = { 'www-authenticate': 'Bearer realm="scim"', connection: 'close' }
    const wait = waitMs === null ? {} : { 'retry-after': String(Math.ceil(waitMs / 1000)) }
    return send(
      reply,
      faultAnswer({ status: 401, detail: 'the bearer token is missing or wrong' }, { ...headers, ...wait }),
    )
  }
  // What cannot be told of is not done.
  if (!ports.isAuditWritable() || ports.store() === null) return send(reply, faultAnswer(unavailable, RETRY))
}

function resources<Stored extends Versioned, Filter, Fields>(
  server: FastifyInstance,
  kind: Kind<Stored, Filter, Fields>,
  ports: ScimPorts,
): void {
  const [path, of] = [`/${kind.type}s`, new Resources(kind)]
  server.get(path, async (request, reply) => {
    const query = readListQuery(queryOf(request))
    return send(reply, query.ok ? await of.list(query.value, workOf(request, ports)) : faultAnswer(query.fault))
  })
  server.get(`${path}/:id`, async (request, reply) => {
    const shown = readShown(queryOf(request))
    return send(
      reply,
      shown.ok ? await of.get(idOf(request), shown.value, workOf(request, ports)) : faultAnswer(shown.fault),
    )
  })
  server.post(path, async (request, reply) =>
    send(reply, await withBody(request, (body, shown) => of.create(body, shown, workOf(request, ports)))),
  )
  for (const [method, change] of [
    ['PUT', 'replace'],
    ['PATCH', 'patch'],
  ] as const) {
    const handler = async (request: FastifyRequest, reply: FastifyReply) =>
      send(
        reply,
        await withBody(request, (body, shown) =>
          of[change](idOf(request), body, request.headers['if-match'], shown, workOf(request, ports)),
        ),
      )
    server.route({ method, url: `${path}/:id`, handler })
  }
  server.delete(`${path}/:id`, async (request, reply) =>
    send(reply, await of.remove(idOf(request), request.headers['if-match'], workOf(request, ports))),
  )
}

function constants(server: FastifyInstance, path: string, documents: readonly JsonObject[]): void {
  server.get(path, (_request, reply) => send(reply, answered(200, listOf(documents))))
  server.get(`${path}/:id`, (request, reply) => {
    const found = documents.find(({ id }) => id === idOf(request))
    return send(reply, found === undefined ? faultAnswer(notFound) : answered(200, found))
  })
}

async function withBody(
  request: FastifyRequest,
  act: (body: JsonObject, shown: Parameters<Resources<Versioned, unknown, unknown>['get']>[1]) => Promise<ScimAnswer>,
): Promise<ScimAnswer> {
  const shown = readShown(queryOf(request))
  if (!shown.ok) return faultAnswer(shown.fault)
  const body = Buffer.isBuffer(request.body) ? parseStrictJson(request.body, LIMITS) : null
  if (body === null || !body.ok) {
    const says = body === null ? 'is empty: send a JSON object' : body.fault.says
    return faultAnswer({ status: 400, scimType: 'invalidSyntax', detail: `the body ${says}` })
  }
  return act((body.value satisfies JsonBody).value, shown.value)
}

function workOf(request: FastifyRequest, ports: ScimPorts): ScimWork {
  const [settings, store] = [ports.settings(), ports.store()]
  if (settings === null || store === null) throw new Error('SCIM was turned off meanwhile')
  const by: ScimBy = { user: 'scim', host: clientOf(request) }
  return { settings, store, end: ports.end, by, now: ports.clock(), newId: ports.newId }
}

function failure(cause: unknown, { failed }: ScimPorts): ScimAnswer {
  const { statusCode = 0 } = cause as { readonly statusCode?: number }
  if (statusCode === 413) return faultAnswer({ status: 413, detail: 'the body is larger than 1 MiB' })
  if (statusCode === 415) return faultAnswer({ status: 415, detail: `the body must be \`${MEDIA_TYPE}\`` })
  if (statusCode >= 400 && statusCode < 500)
    return faultAnswer({ status: 400, scimType: 'invalidSyntax', detail: 'the request is malformed' })
  failed(cause)
  return faultAnswer(unavailable, RETRY)
}

function send(reply: FastifyReply, { status, headers, body }: ScimAnswer): FastifyReply {
  return reply
    .code(status)
    .headers({ ...headers, 'content-type': MEDIA_TYPE })
    .send(body === null ? '' : JSON.stringify(body))
}

function takeBytes(_request: FastifyRequest, body: Buffer, done: (error: null, body: Buffer) => void): void {
  done(null, body)
}

/** In its one form. */
const clientOf = ({ socket }: FastifyRequest) => canonicalAddress(socket.remoteAddress) ?? ''
const queryOf = ({ query }: FastifyRequest) => query as { readonly [name: string]: unknown }
const idOf = ({ params }: FastifyRequest) => (params as { readonly id: string }).id
