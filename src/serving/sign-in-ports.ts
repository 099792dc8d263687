import type { IdentityPorts } from '../identity/method.ts'
import { openTokenIssuer } from '../identity/tokens/issuer.ts'
import { ringOfTexts, type TokenKeyRing } from '../identity/tokens/keys.ts'
import { openStateSealer } from '../identity/tokens/state-sealer.ts'
import type { TokenSettings } from '../model/identity-settings.ts'
import type { Clock, Stopwatch } from '../model/ports.ts'
import type { ListenSettings, Settings } from '../model/settings.ts'
import type { RevocationReader, Revoker, StateSealer, TokenIssuer } from '../model/sign-in.ts'
import type { KeyStore } from '../stores/keys.ts'
import { openRevocationReader } from './revocation-reader.ts'
import { openRevoker } from './revoker.ts'

/** What the proxy's own tokens need of the store. */
export interface TokenStore {
  readonly keys: KeyStore | null
  tokenKeys(): TokenKeyRing | null
}

/** What pages are built from. */
export interface SignInPorts {
  readonly issuer: TokenIssuer
  readonly sealer: StateSealer
  readonly revoker: Revoker
  readonly revocations: RevocationReader
}

/**
 * The proxy's own tokens as the settings in force want them. It is one object for as long as the process lives, whatever is
 * reloaded: who has taken a port of it has what is in force.
 */
export class SignIn {
  /** What those who verify credentials ask. */
  readonly identity: Required<Pick<IdentityPorts, 'tokens' | 'revocations'>>
  readonly #ports: SignInPorts
  readonly #store: TokenStore
  #settings: TokenSettings | null = null
  #files: TokenKeyRing | null = null
  #listener = ''

  constructor(store: TokenStore, clock: Clock, stopwatch: Stopwatch) {
    this.#store = store
    const keys = () => this.#keys()
    const url = () => this.#settings?.issuer ?? this.#listener
    const kept = () => store.keys
    const revocations = openRevocationReader(kept, clock, stopwatch)
    this.identity = { tokens: { url, keys }, revocations }
    const lifetimeMs = () => this.#settings?.lifetimeMs ?? 0
    this.#ports = {
      issuer: openTokenIssuer({ url, lifetimeMs, keys, clock, revocations }),
      sealer: openStateSealer(keys, clock),
      revoker: openRevoker(kept, clock),
      revocations,
    }
  }

  /** Null where the settings in force ask for no tokens of the proxy's own. */
  get ports(): SignInPorts | null {
    return this.#settings === null ? null : this.#ports
  }

  /** Takes settings into force that were found sound. */
  take({ tokens }: Pick<Settings, 'tokens'>): void {
    this.#files = tokens?.keys.kind === 'files' ? ringOfTexts(pemsOf(tokens.keys.files)) : null
    this.#settings = tokens
  }

  /** Where it listens, once it does. */
  listens({ proxy, tls }: Pick<ListenSettings, 'proxy' | 'tls'>, port: number): void {
    const host = proxy.host.includes(':') ? `[${proxy.host}]` : proxy.host
    this.#listener = `${tls === null ? 'http' : 'https'}://${host}:${port}`
  }

  #keys(): TokenKeyRing | null {
    if (this.#settings === null) return null
    return this.#settings.keys.kind === 'files' ? this.#files : this.#store.tokenKeys()
  }
}

function pemsOf(files: Extract<TokenSettings['keys'], { kind: 'files' }>['files']) {
  return files.map(({ pem }) => {
    if (pem === null) throw new Error('a key was left unread')
    return pem
  })
}
