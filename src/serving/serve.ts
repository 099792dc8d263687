import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMetrics } from '../admin/metrics.ts'
import { createAdminServer } from '../admin/server.ts'
import type { Environment } from '../config/secrets.ts'
import { createProxyServer, requestLimit } from '../http/server.ts'
import { renewTls } from '../http/tls.ts'
import type { PlacedProblem } from '../model/problem.ts'
import type { ListenAddress } from '../model/settings.ts'
import { VERSION } from '../model/version.ts'
import { openDiagnostics } from './diagnostics.ts'
import { type Address, proxyDraining, proxyStarted, proxyStopped } from './lifecycle.ts'
import { load } from './reload.ts'
import { openRuntime, type Runtime } from './runtime.ts'
import { spoolProblems } from './spool-problem.ts'

/** How long the last events may take to leave at the end. Milliseconds. */
const FLUSH_MS = 5000
const IDLE_SWEEP_MS = 100
/** How long clients may take to read how their requests ended, once those are ended. */
const LAST_WORDS_MS = 1000

export interface Serving {
  readonly proxy: Address
  readonly admin: Address
  /** Reads config and policies again (SIGHUP). */
  reload(): void
  /** Stops accepting, lets running answers end (at most `listen.timeouts.drain`), writes the last event. Twice: cuts. */
  stop(reason: string): void
  /** Resolves when everything is closed and written. */
  readonly stopped: Promise<void>
}

export type Started =
  | { readonly outcome: 'serving'; readonly serving: Serving }
  | { readonly outcome: 'unsound'; readonly problems: readonly PlacedProblem[] }
  | { readonly outcome: 'unusable'; readonly message: string }

/**
 * Runs the proxy: load, listen, reload, drain. `auditFd` is the descriptor of the audit and nobody else's. An issuer or
 * an audit sink that is not there does not keep it from starting; a config with an error or an address in use does.
 */
export async function serve(file: string, env: Environment, auditFd: number): Promise<Started> {
  const loadedAt = Date.now()
  const loading = await load(file, env)
  if (!loading.sound) return { outcome: 'unsound', problems: loading.problems }
  const ofSpool = await spoolProblems({ settings: loading.sound.settings, place: loading.place })
  if (ofSpool.length > 0) return { outcome: 'unsound', problems: [...loading.problems, ...ofSpool] }
  const diagnostics = openDiagnostics()
  const opened = await openRuntime({ file, env, auditFd, loadedAt, loading, sound: loading.sound, diagnostics })
  if (!opened.ok) return { outcome: 'unusable', message: opened.fault }
  const runtime = opened.value
  const { listen, telemetry } = loading.sound.settings
  const server = createProxyServer(listen.timeouts, runtime.ports, listen.tls)
  const adminServer = createAdminServer(
    () => runtime.unready(),
    telemetry.metrics ? createMetrics(runtime.metrics) : null,
    runtime.scim(),
  )
  runtime.onReload = (settings) => {
    server.requestTimeout = requestLimit(settings.listen.timeouts)
    renewTls(server, settings.listen.tls)
  }
  try {
    await adminServer.listen({ host: listen.admin.host, port: listen.admin.port })
    const admin = addressOf(adminServer.server)
    // Last: what is in force is said before the first request can be.
    const proxy = await listening(server, listen.proxy)
    runtime.signIn.listens(listen, proxy.port)
    runtime.started((at, digests) => proxyStarted(at, proxy, admin, digests))
    diagnostics.info('serving', {
      version: VERSION,
      proxy: `${proxy.address}:${proxy.port}`,
      admin: `${admin.address}:${admin.port}`,
    })
    return {
      outcome: 'serving',
      serving: servingOf(runtime, server, () => adminServer.close(), proxy, admin, listen.timeouts.drainMs),
    }
  } catch (cause) {
    server.close()
    await adminServer.close()
    await runtime.close(FLUSH_MS)
    return { outcome: 'unusable', message: listenProblem(cause) }
  }
}

function servingOf(
  runtime: Runtime,
  server: Server,
  closeAdmin: () => Promise<unknown>,
  proxy: Address,
  admin: Address,
  drainMs: number,
): Serving {
  const { promise: stopped, resolve } = Promise.withResolvers<void>()
  let isStopping = false
  const cutting = Promise.withResolvers<void>()
  const stop = async (reason: string) => {
    runtime.drain((at) => proxyDraining(at, runtime.metrics.meter.active))
    const until = performance.now() + drainMs
    await closed(server, drainMs, cutting.promise, () => runtime.cut())
    // A call goes on without a connection of its client's: it has as long as what has one.
    await Promise.race([runtime.idle(Math.max(0, until - performance.now())), cutting.promise])
    runtime.cut()
    // The listener is closed before those whose connections were cut have heard of it.
    await runtime.idle(FLUSH_MS)
    runtime.announce((at) => proxyStopped(at, reason))
    await closeAdmin()
    await runtime.close(FLUSH_MS)
    resolve()
  }
  return {
    proxy,
    admin,
    reload: () => runtime.reload(),
    stop: (reason) => {
      if (isStopping) cutting.resolve()
      else void stop(reason)
      isStopping = true
    },
    stopped,
  }
}

/**
 * Resolves when the last connection is over. After `drainMs`, or as soon as `cutting` resolves, what still runs is ended
 * by `cut`; a client that does not read that is cut off.
 */
function closed(server: Server, drainMs: number, cutting: Promise<void>, cut: () => void): Promise<void> {
  return new Promise((resolve) => {
    let deadline: NodeJS.Timeout
    let isCut = false
    const end = () => {
      if (isCut) return
      isCut = true
      clearTimeout(deadline)
      cut()
      deadline = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS)
    }
    deadline = setTimeout(end, drainMs)
    void cutting.then(end)
    // A connection that falls idle after the close is not closed by it.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
    server.close(() => {
      isCut = true
      clearTimeout(deadline)
      clearInterval(sweep)
      resolve()
    })
    server.closeIdleConnections()
  })
}

function listening(server: Server, { host, port }: ListenAddress): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve(addressOf(server))
    })
  })
}

function addressOf(server: { address(): AddressInfo | string | null }): Address {
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('not bound to a network address')
  return { address: bound.address, port: bound.port }
}

function listenProblem(cause: unknown): string {
  const { code, address, port } = cause as NodeJS.ErrnoException & { address?: string; port?: number }
  const where = `${address}:${port}`
  if (code === 'EADDRINUSE') return `the address ${where} is in use; choose another one under \`listen\`, or port 0`
  if (code === 'EACCES') return `the address ${where} may not be used by this user; choose a port above 1023`
  if (code === 'EADDRNOTAVAIL') return `the address ${where} is not one of this machine; mend \`listen\``
  return `cannot listen: ${code ?? 'unknown error'}`
}
