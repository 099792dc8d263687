import { isIP, isIPv6 } from 'node:net'
import { resolve } from 'node:path'
import type { Problem } from '../model/problem.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { Secret } from '../model/secret.ts'
import type { PostgresServer, StoreSettings } from '../model/settings.ts'
import type { Draft } from '../schema/draft.ts'
import type { Config } from './schema.ts'

type Fault = Pick<Problem, 'code' | 'message'>

const FORM = 'must look like `postgres://USER@HOST:PORT/DATABASE`'
const PARAMETERS = ['sslmode', 'sslrootcert', 'host', 'allow_insecure']

/** What is wrong with a store that is written into the config itself. */
export function storeProblems({ store }: Draft<Config>): Problem[] {
  if (typeof store !== 'string' || store.startsWith('sqlite:')) return []
  const server = postgresServer(store, '/')
  const fault = !server.ok ? server.fault : server.value.password === null ? null : PASSWORD
  return fault === null ? [] : [{ path: ['store'], at: 'value', severity: 'error', ...fault }]
}

const PASSWORD: Fault = {
  code: 'plain_secret',
  message: 'must not hold a password; reference the URL: `store: { env: NAME }`, or `{ file: PATH }`',
}

/** The store that a sound config names; `url` is what its reference stands for, null where that is left unresolved. */
export function storeSettings(written: Config['store'], url: Secret | null, base: string): StoreSettings {
  if (typeof written === 'string' && written.startsWith('sqlite:')) {
    return { kind: 'sqlite', file: resolve(base, written.slice('sqlite:'.length)) }
  }
  const text = typeof written === 'string' ? written : url?.reveal()
  if (text === undefined) return { kind: 'postgres', server: null }
  const server = postgresServer(text, base)
  if (!server.ok) throw new Error('settings of an unchecked config')
  return { kind: 'postgres', server: server.value }
}

/** Reads the URL of a server. Faults never repeat anything of it. `base`: of the paths in it. */
export function postgresServer(written: string, base: string): Result<PostgresServer, Fault> {
  const url = URL.parse(written)
  if (url === null || !/^postgres(?:ql)?:\/\//.test(written)) return failed(invalid(`the URL of the store ${FORM}`))
  const parts = decoded(url)
  if (parts === null) return failed(invalid('the URL of the store has a `%` that stands for no character: write `%25`'))
  const [user, password, database] = parts
  if (user === '' || database === '' || database.includes('/') || url.hash !== '') {
    return failed(invalid(`the URL of the store ${FORM}`))
  }
  const query = url.searchParams
  const unknown = [...query.keys()].find((name) => !PARAMETERS.includes(name) || query.getAll(name).length > 1)
  if (unknown !== undefined) {
    return failed(invalid(`the URL of the store may have the parameters ${PARAMETERS.join(', ')}, each once`))
  }
  const host = query.get('host') ?? url.hostname.replace(/^\[|\]$/g, '')
  if (!isHost(host)) return failed(invalid('the URL of the store must name one host, or a folder by `host=/PATH`'))
  const tls = tlsOf(query, host, base)
  if (!tls.ok) return tls
  const port = url.port === '' ? 5432 : Number(url.port)
  return ok({ host, port, user, database, password: password === '' ? null : new Secret(password), tls: tls.value })
}

function tlsOf(query: URLSearchParams, host: string, base: string): Result<PostgresServer['tls'], Fault> {
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  const isNear = host.startsWith('/') || isLoopback
  const mode = query.get('sslmode') ?? (isNear ? 'disable' : 'verify-full')
  const authority = query.get('sslrootcert')
  const insecure = query.get('allow_insecure')
  if (insecure !== null && insecure !== 'true') {
    return failed(invalid('`allow_insecure` of the store must be `true`, or be left away'))
  }
  if (mode === 'disable') {
    if (isNear || insecure === 'true') return ok(null)
    const message =
      'the store is beyond loopback and must be `sslmode=verify-full` (or plain with `allow_insecure=true`)'
    return failed({ code: 'insecure_url', message })
  }
  if (mode === 'verify-full') return ok({ ca: authority === null ? null : resolve(base, authority) })
  return failed(invalid('`sslmode` of the store must be `verify-full` or `disable`: the others trust any server'))
}

function decoded(url: URL): readonly [user: string, password: string, database: string] | null {
  try {
    return [
      decodeURIComponent(url.username),
      decodeURIComponent(url.password),
      decodeURIComponent(url.pathname.slice(1)),
    ]
  } catch {
    return null
  }
}

function isHost(host: string): boolean {
  if (host.startsWith('/')) return true
  return isIPv6(host) || (/^[A-Za-z0-9._-]+$/.test(host) && (!/^[0-9.]+$/.test(host) || isIP(host) === 4))
}

function invalid(message: string): Fault {
  return { code: 'invalid_store', message }
}
