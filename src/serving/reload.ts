import { loadAll } from '../config/load-all.ts'
import type { Environment } from '../config/secrets.ts'
import { type Watcher, watchFiles } from '../config/watch.ts'
import type { PlacedProblem, Problem } from '../model/problem.ts'
import type { Settings } from '../model/settings.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import { compilePolicies } from './compile-policies.ts'

/** Config and policies that belong together and have no error. */
export interface Sound {
  readonly settings: Settings
  readonly policy: CompiledPolicy
  /** `sha256:…` of every byte that the config was read from; the policy has one of its own. */
  readonly digest: string
  readonly warnings: readonly PlacedProblem[]
}

export interface Loading {
  readonly sound: Sound | null
  readonly problems: readonly PlacedProblem[]
  readonly configProblems: readonly PlacedProblem[]
  readonly place: (problem: Problem) => PlacedProblem
  readonly files: readonly string[]
}

/** Reads config and policies as they are now. Never throws. */
export async function load(file: string, env: Environment): Promise<Loading> {
  const { settings, policy, problems, configProblems, place, files, digest } = await loadAll(file, {
    env,
    secrets: true,
    compile: compilePolicies,
  })
  if (!settings || !policy) return { sound: null, problems, configProblems, place, files }
  policy.warm()
  const warnings = problems.filter(({ severity }) => severity === 'warning')
  const sound = { settings, policy, digest, warnings }
  return { sound, problems, configProblems, place, files }
}

export interface ReloadPorts {
  /** Takes what is sound into force; `demanded`: somebody asked for it, whether anything differs or not. */
  readonly accept: (sound: Sound, demanded: boolean) => void
  /** Told of what was refused; what was in force stays. */
  readonly reject: (problems: readonly PlacedProblem[], ofConfig: boolean) => void
}

/**
 * Reloads when a watched file has changed and is at rest again, and when told to. One load at a time; a change during a
 * load is another one. `files` and `since` (epoch milliseconds) are of the load that is in force.
 */
export class Reloader {
  readonly #file: string
  readonly #env: Environment
  readonly #ports: ReloadPorts
  #watcher: Watcher
  #running: Promise<void> | null = null
  #again = false
  #demanded = false
  #closed = false

  constructor(file: string, env: Environment, files: readonly string[], since: number, ports: ReloadPorts) {
    this.#file = file
    this.#env = env
    this.#ports = ports
    this.#watcher = this.#watch(files, since)
  }

  /** Reloads as soon as the files are at rest, changed or not (SIGHUP). */
  demand(): void {
    this.#demanded = true
    this.#watcher.demand()
  }

  close(): void {
    this.#closed = true
    this.#watcher.close()
  }

  #watch(files: readonly string[], since: number): Watcher {
    return watchFiles(files, () => this.#start(), { since })
  }

  #start(): void {
    if (this.#running) {
      this.#again = true
      return
    }
    this.#running = this.#reload().finally(() => {
      this.#running = null
      if (!this.#again || this.#closed) return
      this.#again = false
      this.#start()
    })
  }

  async #reload(): Promise<void> {
    const since = Date.now()
    const demanded = this.#demanded
    this.#demanded = false
    const loading = await load(this.#file, this.#env)
    if (this.#closed) return
    if (loading.sound) this.#ports.accept(loading.sound, demanded)
    else {
      const ofConfig = loading.configProblems.some(({ severity }) => severity === 'error')
      this.#ports.reject(
        loading.problems.filter(({ severity }) => severity === 'error'),
        ofConfig,
      )
    }
    this.#watcher.close()
    this.#watcher = this.#watch(loading.files, since)
    // It was demanded of the watcher that is closed now.
    if (this.#demanded) this.#watcher.demand()
  }
}
