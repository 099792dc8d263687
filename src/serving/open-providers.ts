import type { SignInProvider } from '../model/sign-in.ts'

/** One provider that the settings ask for. Equal fingerprints may go on as one across a reload. */
export interface ProviderPlan {
  readonly fingerprint: string
  open(): SignInProvider
}

/** Those that one set of pages goes by, until they are released. */
export interface HeldProviders {
  readonly providers: readonly SignInProvider[]
  /** To be called once, when nobody signs in by these pages any more. */
  release(): void
}

interface Opened {
  readonly fingerprint: string
  readonly provider: SignInProvider
  holders: number
}

/**
 * The providers that people sign in with, open. One whose settings stay as they are goes on across a reload, with what it
 * knows of its issuer; one that is gone is closed when nobody signs in by it any more.
 */
export class OpenProviders {
  readonly #opened = new Set<Opened>()

  hold(plans: readonly ProviderPlan[]): HeldProviders {
    const held = plans.map((plan) => this.#known(plan) ?? this.#open(plan))
    for (const one of held) one.holders++
    return {
      providers: held.map(({ provider }) => provider),
      release: () => {
        for (const one of held) {
          one.holders--
          if (one.holders === 0) this.#close(one)
        }
      },
    }
  }

  /** Breaks off what is under way. */
  close(): void {
    for (const one of [...this.#opened]) this.#close(one)
  }

  #known({ fingerprint }: ProviderPlan): Opened | undefined {
    for (const one of this.#opened) if (one.fingerprint === fingerprint) return one
    return undefined
  }

  #open({ fingerprint, open }: ProviderPlan): Opened {
    const opened = { fingerprint, provider: open(), holders: 0 }
    this.#opened.add(opened)
    return opened
  }

  #close(one: Opened): void {
    if (this.#opened.delete(one)) one.provider.close()
  }
}
