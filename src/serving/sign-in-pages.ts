import type { Identity, IdentityReport } from '../identity/authenticate.ts'
import type { SignInChoice } from '../identity/device/ports.ts'
import { fingerprintOf } from '../identity/fingerprint.ts'
import type { LoginIssuer, LogoutRefused } from '../identity/oidc/ports.ts'
import { openOidcProvider } from '../identity/oidc/provider.ts'
import { openSaml } from '../identity/saml/provider.ts'
import { secondFactorChecks } from '../identity/second-factor/checks.ts'
import { EndedAttempts } from '../identity/sign-in/attempts.ts'
import type { PasswordWay, SignInParts } from '../identity/sign-in/parts.ts'
import { isPage, openSignIn, type Pages } from '../identity/sign-in/sign-in.ts'
import type { AuditLog } from '../model/audit.ts'
import type { IssuerSettings } from '../model/identity-settings.ts'
import type { Settings } from '../model/settings.ts'
import type { SecondFactorChecks, SignInProvider } from '../model/sign-in.ts'
import { auditRequest } from '../pipeline/events.ts'
import type { Meter } from '../pipeline/meter.ts'
import { DevicePart } from './device-sign-in.ts'
import type { Diagnostics } from './diagnostics.ts'
import { logoutRefusals } from './logout-refusals.ts'
import { type OneTimes, oneTimes } from './one-time.ts'
import { OpenProviders, type ProviderPlan } from './open-providers.ts'
import type { SignIn, SignInPorts } from './sign-in-ports.ts'
import { signInStanding } from './sign-in-standing.ts'
import type { ServingStore } from './store.ts'

export interface PagePorts {
  readonly signIn: SignIn
  readonly audit: AuditLog
  readonly meter: Meter
  readonly store: ServingStore
  readonly report: (report: IdentityReport) => void
  readonly diagnostics: Diagnostics
}

/** The pages on which people sign in, as the settings in force ask for them. */
export class SignInPages {
  readonly #ports: PagePorts
  /** Across reloads, too. */
  readonly #ended: EndedAttempts
  readonly #oneTimes: OneTimes
  /** One for the life of the process: wrong codes are not forgotten in a reload. */
  readonly #secondFactors: SecondFactorChecks
  readonly #device: DevicePart
  readonly #logoutRefused: LogoutRefused
  readonly #providers = new OpenProviders()
  #settings: Settings | null = null
  #identity: Identity | null = null
  #pages: OpenPages | null = null

  constructor(ports: PagePorts) {
    this.#ports = ports
    const { store, report } = ports
    this.#oneTimes = oneTimes(() => store.keys, Date.now)
    this.#ended = new EndedAttempts(this.#oneTimes.attempt)
    this.#secondFactors = secondFactorChecks({ store: () => store.keys, clock: Date.now, report })
    this.#logoutRefused = logoutRefusals(ports.audit)
    const { identity } = ports.signIn
    this.#device = new DevicePart({ store, audit: ports.audit, tokenKeys: () => identity.tokens?.keys() ?? null })
  }

  /** Takes settings into force; a sign-in that is under way goes on by them, a request that is by those before. */
  take(settings: Settings, identity: Identity): void {
    this.#settings = settings
    this.#identity = identity
    const before = this.#pages
    if (before === null) return
    // Opened before the others are given up: a provider that both have goes on.
    this.#pages = this.#open()
    before.retire()
  }

  /** The address that people begin at; null where nobody can sign in. */
  readonly address = (): string | null => {
    const own = this.#own()
    return own === null ? null : `${own.issuer.url}/auth/`
  }

  /** The pages, for a target that is one of them; null for every other one, and where there are none. */
  at(target: string): Pages | null {
    if (!isPage(target)) return null
    // Opened by the first request: only who listens knows by which address.
    this.#pages ??= this.#open()
    return this.#pages
  }

  /** Breaks off what providers are asked. */
  close(): void {
    this.#pages = null
    this.#providers.close()
  }

  #open(): OpenPages | null {
    const { audit, meter, diagnostics } = this.#ports
    const own = this.#own()
    if (own === null) return null
    const { providers, release } = this.#providers.hold(this.#plans(own))
    const pages = openSignIn(this.#parts(own, providers), {
      audit,
      bug: (err, requestId) => diagnostics.error('a bug met a page', { requestId, err }),
      clock: Date.now,
      ended: this.#ended,
      describe: (head) => auditRequest(head, null, null, null, null),
      bodyMs: () => this.#settings?.listen.timeouts.bodyMs ?? 0,
      answered: (status, seconds) => {
        meter.answered('sign_in', status < 400 ? 'answered' : `status_${status}`)
        meter.took(seconds)
      },
    })
    return openPages(pages, meter, release)
  }

  /** Null where the proxy signs no tokens, or nobody has a way to sign in. */
  #own(): SignInPorts | null {
    const { issuers = [], ldap = [], saml = [], local } = this.#settings ?? {}
    const hasWay = ldap.length > 0 || saml.length > 0 || local?.enabled === true || issuers.some(hasLogin)
    return hasWay ? this.#ports.signIn.ports : null
  }

  #parts({ issuer, sealer, ...own }: SignInPorts, providers: readonly SignInProvider[]): SignInParts {
    const secondFactors = this.#secondFactors
    const standing = signInStanding(() => this.#ports.store.keys, Date.now)
    // INVARIANT: settings are taken with who verifies by them.
    if (this.#identity === null) throw new Error('nobody verifies')
    const ports = { issuer, sealer, ...own, standing }
    const device = this.#device.open(ports, providers, this.#passwordChoices(), this.#identity)
    const passwords = this.#passwords()
    return { issuer, sealer, providers, passwords, secondFactors, standing, device, more: [device.more] }
  }

  #plans({ issuer: { url }, revoker }: SignInPorts): ProviderPlan[] {
    const { issuers = [], saml = [] } = this.#settings ?? {}
    const oneTimes = this.#oneTimes
    const oidc = { clock: Date.now, url, oneTime: oneTimes.logout, revoker, logoutRefused: this.#logoutRefused }
    return [
      ...issuers.filter(hasLogin).map((issuer) => ({
        fingerprint: fingerprintOf('oidc', url, issuer),
        open: () => openOidcProvider(issuer, oidc),
      })),
      ...saml.map((entry) => ({
        fingerprint: fingerprintOf('saml', url, entry),
        open: () => openSaml(entry, { url, oneTime: oneTimes.saml, revoker }),
      })),
    ]
  }

  #passwordChoices(): SignInChoice[] {
    const { ldap = [], local } = this.#settings ?? {}
    const choices: SignInChoice[] = ldap.map(({ name }) => ({ name, kind: 'ldap', label: name }))
    return local?.enabled ? [...choices, { name: 'local', kind: 'local', label: 'local' }] : choices
  }

  #passwords(): PasswordWay | null {
    const { ldap = [], local } = this.#settings ?? {}
    const sources = [...ldap.map(({ name }) => name), ...(local?.enabled ? ['local'] : [])]
    const identity = this.#identity
    if (identity === null || sources.length === 0) return null
    return { sources, authenticate: (credential, client) => identity.authenticate(credential, client) }
  }
}

function hasLogin(issuer: IssuerSettings): issuer is LoginIssuer {
  return issuer.login !== undefined
}

interface OpenPages extends Pages {
  /** No request begins by them any more; the providers are given up when the last one has ended. */
  retire(): void
}

function openPages(pages: Pages, meter: Meter, release: () => void): OpenPages {
  let running = 0
  let isRetired = false
  return {
    handle: async (head, fault, exchange) => {
      meter.active++
      running++
      try {
        await pages.handle(head, fault, exchange)
      } finally {
        meter.active--
        running--
        if (isRetired && running === 0) release()
      }
    },
    retire: () => {
      isRetired = true
      if (running === 0) release()
    },
  }
}
