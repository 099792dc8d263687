import type { MetricSources } from '../admin/metrics.ts'
import { type OpenAuditLog, openAuditLog } from '../audit/log.ts'
import { rejectionReporter } from '../audit/rejected.ts'
import { mayUpgrade } from '../endpoints/passthrough.ts'
import { clientAddresses } from '../http/client-address.ts'
import { receive } from '../http/receive.ts'
import type { ServerPorts } from '../http/server.ts'
import { type Identity, type IdentityReport, openIdentity } from '../identity/authenticate.ts'
import type { AuditEvent } from '../model/audit.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Settings } from '../model/settings.ts'
import { VERSION } from '../model/version.ts'
import { BodyBudget } from '../pipeline/body-budget.ts'
import { handle } from '../pipeline/handle.ts'
import { Meter } from '../pipeline/meter.ts'
import { SessionPlaces } from '../pipeline/realtime/session-places.ts'
import type { Snapshot } from '../pipeline/snapshot.ts'
import { Current, SHUTTING_DOWN } from './current.ts'
import type { Diagnostics } from './diagnostics.ts'
import { KeyEventFollower } from './key-events.ts'
import {
  configLoaded,
  configUnchanged,
  type Digests,
  identityReported,
  policyLoaded,
  rejected,
  storeUnusable,
} from './lifecycle.ts'
import { metricSources } from './metric-sources.ts'
import { pipelinePorts } from './pipeline-ports.ts'
import { purgeHourly } from './purge.ts'
import { Reloader, type Sound } from './reload.ts'
import { requestIds } from './request-ids.ts'
import { needingRestart } from './restart.ts'
import type { RuntimeOptions } from './runtime-options.ts'
import { scimPorts } from './scim.ts'
import { SignInPages } from './sign-in-pages.ts'
import { SignIn } from './sign-in-ports.ts'
import { composeSnapshot, cutUpstreams, retireUpstream } from './snapshot.ts'
import { ServingStore } from './store.ts'

/** Opens what serving needs. The failure says what is unusable (the store), for people. */
export async function openRuntime(options: RuntimeOptions): Promise<Result<Runtime, string>> {
  const store = new ServingStore(Date.now, () => performance.now(), options.diagnostics)
  const failure = await store.start(options.sound.settings)
  return failure === null ? ok(new Runtime(options, store)) : failed(failure)
}

/** Everything of the proxy but its listeners: the snapshot in force, the audit, identity, store and reloads. */
export class Runtime {
  readonly metrics: MetricSources
  readonly ports: ServerPorts
  /** Told of the settings that have come into force, for what the listeners themselves keep. */
  onReload: ((settings: Settings) => void) | null = null
  readonly #audit: OpenAuditLog
  readonly #diagnostics: Diagnostics
  readonly #reloader: Reloader
  readonly #current: Current
  readonly #meter = new Meter()
  readonly #bodies = new BodyBudget(0, 0)
  readonly #spooled = new BodyBudget(0, 0, 'disk')
  readonly #sessions = new SessionPlaces()
  readonly #keyEvents: KeyEventFollower
  readonly #purging: { close(): void }
  readonly #file: string
  readonly #store: ServingStore
  /** Sign-in, and the tokens that it hands out. */
  readonly signIn: SignIn
  readonly #pages: SignInPages
  #identity: Identity
  #addressOf: ReturnType<typeof clientAddresses>
  readonly #atStart: Settings
  #inForce: Sound
  #isDraining = false

  constructor({ file, env, auditFd, loadedAt, loading, sound, diagnostics }: RuntimeOptions, store: ServingStore) {
    const { settings } = sound
    this.#file = file
    this.#diagnostics = diagnostics
    this.#store = store
    this.signIn = new SignIn(store, Date.now, () => performance.now())
    this.#inForce = sound
    this.#atStart = settings
    this.#audit = openAuditLog({
      fd: auditFd,
      format: settings.audit.format,
      delivery: settings.audit.delivery,
      service: { version: VERSION },
      clock: Date.now,
      report: (message) => diagnostics.error(message),
    })
    const [audit, meter, report] = [this.#audit, this.#meter, this.#report]
    this.#pages = new SignInPages({ signIn: this.signIn, store, audit, meter, report, diagnostics })
    this.#identity = this.#openIdentity(settings, undefined)
    this.#addressOf = clientAddresses(settings.listen.trustedProxies)
    this.#current = new Current(this.#compose(sound, null), retireUpstream)
    this.#reloader = new Reloader(file, env, loading.files, loadedAt, {
      accept: (next, demanded) => this.#accept(next, demanded),
      reject: (problems, ofConfig) => this.#reject(problems, ofConfig),
    })
    const taken = { bodies: this.#bodies, spooled: this.#spooled, sessions: this.#sessions }
    this.metrics = metricSources({ meter, audit, ...taken, store })
    this.ports = this.#serverPorts()
    const followed = { store: () => store.keys, audit, clock: Date.now, diagnostics }
    this.#keyEvents = new KeyEventFollower(followed)
    this.#keyEvents.start()
    this.#purging = purgeHourly(() => store.keys, Date.now)
  }

  /** Says what is in force, once it listens. */
  started(event: (at: number, digests: Digests) => AuditEvent): void {
    const { digest, policy } = this.#inForce
    this.announce((at) => configLoaded(at, digest, null, []))
    this.announce((at) => policyLoaded(at, policy.digest, null))
    this.announce(event)
    this.#warn(this.#inForce)
  }

  /** Why it cannot serve right now; empty when it can. */
  unready(): readonly string[] {
    return [...(this.#audit.writable ? [] : ['audit']), ...(this.#isDraining ? ['draining'] : [])]
  }

  announce(event: (at: number, digests: Digests) => AuditEvent): void {
    this.#audit.append(event(Date.now(), { config: this.#inForce.digest, policy: this.#inForce.policy.digest }))
  }

  drain(event: (at: number) => AuditEvent): void {
    this.#isDraining = true
    this.#reloader.close()
    this.#keyEvents.close()
    this.announce(event)
  }

  /** Ends what still runs: refused where no answer has begun, else broken off. */
  cut(): void {
    this.#current.stop(SHUTTING_DOWN)
  }

  /** Resolves when every request has had its last event, or after `limitMs`. */
  idle(limitMs: number): Promise<void> {
    return this.#current.idle(limitMs)
  }

  reload(): void {
    this.#reloader.demand()
  }

  async close(flushMs: number): Promise<void> {
    this.#reloader.close()
    this.#keyEvents.close()
    await cutUpstreams(this.#current.upstreams())
    this.#identity.close()
    this.#pages.close()
    this.#purging.close()
    if (!(await this.#audit.flush(flushMs))) this.#diagnostics.error('the last audit events could not be written')
    this.#audit.close()
    await this.#keyEvents.writeUses()
    // After the audit: an event still under way is settled, or given back.
    await this.#store.close()
  }

  readonly #report = (told: IdentityReport) => this.announce((at) => identityReported(at, told))

  /** What SCIM on the admin listener is served with. */
  scim() {
    return scimPorts(this.#store, this.#audit, this.#diagnostics, () => this.#inForce.settings.scim)
  }

  #serverPorts(): ServerPorts {
    const rejected = rejectionReporter(this.#audit, Date.now)
    const taken = { bodies: this.#bodies, spooled: this.#spooled, sessions: this.#sessions }
    const told = { audit: this.#audit, meter: this.#meter, diagnostics: this.#diagnostics }
    const pipeline = pipelinePorts({ ...told, ...taken, current: this.#current })
    return {
      newRequestId: requestIds(),
      handle: (request, exchange) => {
        const { head, fault } = receive(request, exchange.id, this.#addressOf)
        const pages = this.#pages.at(head.target)
        if (pages !== null) void this.#current.use(exchange, () => pages.handle(head, fault, exchange))
        else void this.#current.use(exchange, (snapshot) => handle(head, fault, exchange, snapshot, pipeline))
      },
      rejected: (connection) => {
        this.#meter.rejectedConnections++
        rejected(connection)
      },
      upgrades: (target) => mayUpgrade(this.#current.snapshot.settings.passthrough, target),
      draining: () => this.#isDraining,
    }
  }

  #openIdentity(settings: Settings, previous: Identity | undefined): Identity {
    this.signIn.take(settings)
    const { keys, standing } = this.#store
    const ports = { clock: Date.now, keys, accounts: keys, standing, ...this.signIn.identity, report: this.#report }
    const identity = openIdentity(settings, ports, previous)
    this.#pages.take(settings, identity)
    return identity
  }

  #compose({ settings, policy }: Sound, previous: Snapshot | null): Snapshot {
    this.#bodies.limit(settings.listen.maxBufferedBytes, settings.listen.maxBodyBytes)
    this.#spooled.limit(settings.listen.maxSpooledBytes, settings.listen.maxUploadBytes)
    const report = (failure: string) => this.#diagnostics.warn(failure)
    const live = { keyRing: () => this.#store.keyRing(), signIn: this.#pages.address }
    return composeSnapshot(settings, policy, this.#identity, Date.now, previous, report, live)
  }

  #accept(next: Sound, demanded: boolean): void {
    const before = this.#inForce
    const { settings, policy } = next
    const differs = { config: next.digest !== before.digest, policy: policy.digest !== before.policy.digest }
    if (demanded && !differs.config && !differs.policy) this.announce((at) => configUnchanged(at, next.digest))
    const failure = this.#store.open(settings)
    if (failure !== null) {
      this.#reject([storeUnusable(this.#file, failure)], true)
      return
    }
    this.#identity = this.#openIdentity(settings, this.#identity)
    this.#addressOf = clientAddresses(settings.listen.trustedProxies)
    this.#current.replace(this.#compose(next, this.#current.snapshot))
    this.#inForce = next
    this.onReload?.(settings)
    const restart = needingRestart(this.#atStart, settings)
    if (differs.config) this.announce((at) => configLoaded(at, next.digest, before.digest, restart))
    if (differs.policy) this.announce((at) => policyLoaded(at, policy.digest, before.policy.digest))
    this.#diagnostics.info('reloaded', { config: next.digest, policy: policy.digest, restart })
    if (differs.config || differs.policy) this.#warn(next)
  }

  #warn({ warnings }: Sound): void {
    for (const { message, ...place } of warnings) this.#diagnostics.warn(message, place)
  }

  #reject(problems: readonly PlacedProblem[], ofConfig: boolean): void {
    const action = ofConfig ? 'config-rejected' : 'policy-rejected'
    this.announce((at, digests) => rejected(at, action, problems, digests))
    this.#diagnostics.error('the reload is refused and the last good files stay in force', { problems })
  }
}
