import type { Contender, Upstreams } from './contender.ts'
import type { Credential } from './credential.ts'
import {
  startBare,
  startHaproxyWithModel,
  startHaproxyWithToken,
  startInstantUpstream,
  startModelServer,
  startNginxProxy,
} from './peers.ts'
import { installed } from './processes.ts'
import { type Sallyport, startSallyport } from './sallyport.ts'

const POLICIES = [
  { name: 'sallyport', rules: 10, takes: 'all' },
  { name: 'sallyport-1000', rules: 1000, takes: 'own' },
  { name: 'sallyport-10000', rules: 10_000, takes: 'own' },
] as const

export interface FieldOptions {
  readonly folder: string
  readonly withSallyport: boolean
  /** For the Node that runs Sallyport with its ordinary policy. */
  readonly nodeArguments: readonly string[]
}

/** Everything that runs while the bench does. */
export class Field {
  readonly contenders: Contender[] = []
  readonly sallyports: Sallyport[] = []
  /** What was not measured, and why. */
  readonly absent: string[] = []
  readonly #stops: (() => Promise<void>)[] = []

  /** Starts what is installed. Where that throws, `stop` still ends what had been started. */
  async start(options: FieldOptions, credential: Credential): Promise<void> {
    const { folder } = options
    const upstreams = await this.#startUpstreams(folder)
    const nothing = async () => undefined
    this.#keep({ name: 'direct', checks: 'none', takes: 'all', pid: null, ports: upstreams, stop: nothing })
    for (const { name, rules, takes } of options.withSallyport ? POLICIES : []) {
      const nodeArguments = takes === 'all' ? options.nodeArguments : []
      const sallyport = await startSallyport({ name, rules, takes, folder, credential, upstreams, nodeArguments })
      this.sallyports.push(sallyport)
      this.#keep(sallyport)
    }
    this.#keep(await startBare('bare', 'all', upstreams))
    this.#keep(await startBare('bare-collected', 'requests', upstreams))
    if (installed('haproxy')) {
      this.#keep(await startHaproxyWithToken({ folder, upstreams, credential }))
      this.#keep(await startHaproxyWithModel({ folder, upstreams }))
    } else this.absent.push('haproxy (not installed)')
    if (installed('nginx')) this.#keep(await startNginxProxy({ folder, upstreams }))
    else this.absent.push('nginx (not installed; a Node script is the upstream)')
  }

  /** Ends everything, the last one first: Sallyport's audit is complete only once it has left. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop()
  }

  async #startUpstreams(folder: string): Promise<Upstreams> {
    const streaming = await startModelServer()
    this.#stops.unshift(streaming.stop)
    if (!installed('nginx')) return { json: streaming.port, stream: streaming.port }
    const instant = await startInstantUpstream(folder)
    this.#stops.unshift(instant.stop)
    return { json: instant.port, stream: streaming.port }
  }

  #keep(contender: Contender): void {
    this.contenders.push(contender)
    this.#stops.unshift(contender.stop)
  }
}
