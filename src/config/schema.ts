import { type Static, type TSchema, Type } from 'typebox'
import {
  closed,
  duration,
  fallback,
  identifier,
  secretReference,
  size,
  text,
  texts,
  timer,
  word,
} from '../schema/parts.ts'
import { dpopSchema } from './dpop.ts'
import type { issuerSchema } from './identity-schema.ts'
import { ldapSchema } from './ldap-schema.ts'
import { mtlsSchema } from './mtls.ts'
import { samlSchema } from './saml-schema.ts'
import { scimSchema } from './scim-schema.ts'
import { tlsSchema } from './tls.ts'
import { tokensSchema } from './tokens-schema.ts'

/** A body is parsed as one string, and a string of V8 ends at 512 MiB. */
const LARGEST_BODY = '500MiB'

/** What a file of the API may have at most is far below it. */
const LARGEST_UPLOAD = '64GiB'

const listen = closed('where the proxy listens', {
  proxy: text('what clients call, `host:port`; the base URL is http://host:port/v1'),
  admin: fallback(text('health, readiness and metrics, `host:port`; never served on the proxy port'), '127.0.0.1:8081'),
  tls: Type.Optional(tlsSchema),
  trusted_proxies: fallback(
    Type.Array(text('an address or a CIDR range'), {
      uniqueItems: true,
      description: 'whose X-Forwarded-For is believed; nobody by default',
    }),
    [],
  ),
  max_body: fallback(size('the largest request body', { most: LARGEST_BODY }), '32MiB'),
  max_buffered: fallback(size('all request bodies in memory at once; a caller may hold a quarter'), '256MiB'),
  max_upload: fallback(size('the largest form, with its files', { most: LARGEST_UPLOAD }), '512MiB'),
  max_spooled: fallback(size('all files of forms on disk at once; a caller may hold a quarter'), '4GiB'),
  spool: fallback(text('the folder for files of forms while they are judged, relative to this file'), '../data'),
  timeouts: fallback(
    closed('of clients: slower ones are cut off', {
      head: fallback(timer('until the request head is there'), '10s'),
      body: fallback(timer('until the body is there; of a form, between two pieces of it'), '60s'),
      upload: fallback(timer('until a form with its files is there'), '30m'),
      keep_alive: fallback(timer('how long an idle connection stays open'), '75s'),
      drain: fallback(timer('how long running answers may go on after SIGTERM'), '25s'),
    }),
    {},
  ),
  workers: fallback(Type.Literal(1, { description: 'processes' }), 1),
})

const upstream = closed('an endpoint of models', {
  name: identifier('what policies and audit events call it'),
  url: text('its base URL, with the version: https://api.openai.com/v1'),
  api_key: Type.Optional(secretReference),
  models: texts('the models it serves; `*` matches any run of characters'),
  region: Type.Optional(text('where it is, for the policy condition `region`')),
  labels: fallback(
    Type.Record(Type.String(), text('a label'), { description: 'labels for the policy condition `upstream`' }),
    {},
  ),
  timeouts: fallback(
    closed('how long to wait for it', {
      connect: fallback(timer('until the connection stands'), '5s'),
      first_byte: fallback(timer('until the answer begins'), '120s'),
      idle: fallback(timer('between two pieces of the answer'), '120s'),
      total: fallback(timer('for the whole answer'), '30m'),
    }),
    {},
  ),
  kind: fallback(word('which API it speaks', ['openai', 'anthropic']), 'openai'),
  isolation: fallback(word('whose stored objects an id opens', ['workspace', 'user', 'off']), 'workspace'),
  mark_names: fallback(
    Type.Boolean({
      description: 'mark names of files and containers as their owner’s, so that lists can show one’s own',
    }),
    true,
  ),
  priority: fallback(Type.Integer({ minimum: 0, maximum: 1000, description: 'lower is tried first' }), 1),
  weight: fallback(
    Type.Integer({ minimum: 1, maximum: 1000, description: 'the share among upstreams of one priority' }),
    1,
  ),
  allow_insecure: fallback(Type.Boolean({ description: 'accept plain http beyond loopback; for tests only' }), false),
})

const route = closed('paths of an upstream that are opened without looking into their bodies', {
  name: Type.String({
    pattern: '^[a-z][a-z0-9_-]{0,63}$',
    description: 'what policies and audit events call it: `passthrough.NAME`',
    patternErrorMessage: 'a name of lower-case letters, digits, `_` and `-` that begins with a letter (at most 64)',
  }),
  path: text('the path, or with `/` or `/*` at its end everything below it: `/vendor/`, `/v1/organization/*`'),
  upstream: text('the name of the upstream that it leads to'),
  methods: fallback(
    Type.Array(word('a method', ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']), {
      minItems: 1,
      uniqueItems: true,
      description: 'the methods that it takes',
    }),
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  ),
  websocket: fallback(Type.Boolean({ description: 'take WebSockets, too, where GET is among `methods`' }), true),
  query: fallback(
    Type.Array(
      Type.String({
        pattern: '^[A-Za-z0-9_.-]{1,64}(?:\\[\\]|\\[\\*\\])?$',
        description: 'a parameter; `NAME[]` may stand several times, `NAME[*]` has keys of the caller',
        patternErrorMessage: 'the name of a parameter such as `limit`, `ids[]` or `metadata[*]`',
      }),
      { uniqueItems: true, description: 'the parameters of the query that go upstream; every other one is dropped' },
    ),
    [],
  ),
})

const audit = closed('the audit events on stdout', {
  format: fallback(word('the schema of the events', ['ecs']), 'ecs'),
  delivery: fallback(
    word('strict: no byte goes upstream before its decision event is written', ['strict', 'relaxed']),
    'strict',
  ),
  content: fallback(word('how much of prompts and answers is recorded', ['none']), 'none'),
  ledger: fallback(
    closed('a local copy of the events', {
      enabled: fallback(Type.Literal(false, { description: 'off' }), false),
      retention: Type.Optional(duration('how long events are kept', { most: '36500d' })),
      archive: Type.Optional(text('the folder of what is older')),
      legal_hold: Type.Optional(Type.Literal(false, { description: 'nothing is purged' })),
    }),
    {},
  ),
})

/** The whole config, with the schemas of the identity methods handed in. The one source of types, checks and editors. */
export function configSchema<Issuer extends TSchema>(parts: { issuer: Issuer }) {
  return closed('the config of Sallyport', {
    version: Type.Literal(1, { description: 'of this format' }),
    listen,
    identity: closed('who may call; at least one way', {
      issuers: fallback(
        Type.Array(parts.issuer, { minItems: 1, description: 'OIDC issuers whose JWT access tokens are accepted' }),
        [],
      ),
      ldap: fallback(
        Type.Array(ldapSchema, {
          minItems: 1,
          description: 'directories; the first one is asked about users who name none',
        }),
        [],
      ),
      saml: fallback(
        Type.Array(samlSchema, { minItems: 1, description: 'SAML 2.0 identity providers whose people sign in' }),
        [],
      ),
      api_keys: fallback(
        closed('keys of this proxy', { enabled: fallback(Type.Boolean({ description: 'accept them' }), false) }),
        {},
      ),
      mtls: Type.Optional(mtlsSchema),
      dpop: Type.Optional(dpopSchema),
      local: fallback(
        closed('users of the store, by their passwords', {
          enabled: fallback(Type.Boolean({ description: 'accept them' }), false),
        }),
        {},
      ),
      tokens: Type.Optional(tokensSchema),
      scim: Type.Optional(scimSchema),
    }),
    upstreams: Type.Array(upstream, { minItems: 1, description: 'where requests go' }),
    passthrough: fallback(
      Type.Array(route, { description: 'what is passed on without being inspected; nothing unless it is opened here' }),
      [],
    ),
    policies: texts('policy files and folders, relative to this file'),
    store: fallback(
      Type.Union(
        [
          Type.String({
            pattern: '^(?:sqlite:.+|postgres(?:ql)?://.+)$',
            description: '`sqlite:PATH`, relative to this file, or `postgres://…` without a password',
            patternErrorMessage: '`sqlite:` and a path, or `postgres://…`',
          }),
          secretReference,
        ],
        {
          description:
            'where keys and users are kept: `sqlite:PATH`, or `postgres://…` for a fleet, or a reference to such a URL',
        },
      ),
      'sqlite:../data/sallyport.db',
    ),
    counters: fallback(
      closed('where limits are counted', {
        url: fallback(word('in this process', ['memory']), 'memory'),
        on_failure: fallback(word('what happens when they cannot be counted', ['deny']), 'deny'),
      }),
      {},
    ),
    audit: fallback(audit, {}),
    telemetry: fallback(
      closed('about the proxy itself', {
        metrics: fallback(Type.Boolean({ description: 'serve /metrics on the admin port' }), true),
      }),
      {},
    ),
  })
}

/** A checked config with every default in place. */
export type Config = Static<ReturnType<typeof configSchema<typeof issuerSchema>>>
export type UpstreamConfig = Config['upstreams'][number]
export type RouteConfig = Config['passthrough'][number]
