import type { Identity } from '../identity/authenticate.ts'
import { EndedAttempts } from '../identity/sign-in/attempts.ts'
import type { PasswordWay, SignInParts } from '../identity/sign-in/parts.ts'
import { isPage, openSignIn, type PageExchange, type Pages } from '../identity/sign-in/sign-in.ts'
import type { AuditLog } from '../model/audit.ts'
import type { Fault } from '../model/fault.ts'
import type { RequestHead } from '../model/request.ts'
import type { Settings } from '../model/settings.ts'
import { auditRequest } from '../pipeline/events.ts'
import type { Meter } from '../pipeline/meter.ts'
import type { SignIn } from './sign-in-ports.ts'

export interface PagePorts {
  readonly signIn: SignIn
  readonly audit: AuditLog
  readonly meter: Meter
  readonly bug: (cause: unknown, requestId: string) => void
}

/** The pages on which people sign in, as the settings in force ask for them. */
export class SignInPages {
  readonly #ports: PagePorts
  readonly #ended = new EndedAttempts()
  #settings: Settings | null = null
  #identity: Identity | null = null
  #pages: Pages | null = null

  constructor(ports: PagePorts) {
    this.#ports = ports
  }

  /** Takes settings into force; a sign-in that is under way goes on by them. */
  take(settings: Settings, identity: Identity): void {
    this.close()
    this.#settings = settings
    this.#identity = identity
  }

  /** The address that people begin at; null where nobody can sign in. */
  readonly address = (): string | null => {
    const parts = this.#parts()
    return parts === null ? null : `${parts.issuer.url}/auth/`
  }

  /** The pages, for a target that is one of them; null for every other one, and where there are none. */
  at(target: string): Pages | null {
    if (!isPage(target)) return null
    // Opened by the first request: only who listens knows by which address.
    this.#pages ??= this.#open()
    return this.#pages
  }

  close(): void {
    this.#pages?.close()
    this.#pages = null
  }

  #open(): Pages | null {
    const parts = this.#parts()
    const { audit, meter, bug } = this.#ports
    if (parts === null) return null
    const pages = openSignIn(parts, {
      audit,
      bug,
      clock: Date.now,
      ended: this.#ended,
      describe: (head) => auditRequest(head, null, null, null, null),
      bodyMs: () => this.#settings?.listen.timeouts.bodyMs ?? 0,
      answered: (status, seconds) => {
        meter.answered('sign_in', status < 400 ? 'answered' : `status_${status}`)
        meter.took(seconds)
      },
    })
    return {
      close: () => pages.close(),
      handle: async (head: RequestHead, fault: Fault | null, exchange: PageExchange) => {
        meter.active++
        await pages.handle(head, fault, exchange)
        meter.active--
      },
    }
  }

  /** Null where the proxy signs no tokens, or nobody has a way to sign in. */
  #parts(): SignInParts | null {
    const own = this.#ports.signIn.ports
    const passwords = this.#passwords()
    if (own === null || passwords === null) return null
    return { ...own, providers: [], passwords, secondFactors: null, device: null, more: [] }
  }

  #passwords(): PasswordWay | null {
    const sources = (this.#settings?.ldap ?? []).map(({ name }) => name)
    const identity = this.#identity
    if (identity === null || sources.length === 0) return null
    return { sources, authenticate: (credential, client) => identity.authenticate(credential, client) }
  }
}
