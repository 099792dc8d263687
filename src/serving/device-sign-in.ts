import { randomBytes } from 'node:crypto'
import type { Identity } from '../identity/authenticate.ts'
import { keyedDigests } from '../identity/device/keyed-digest.ts'
import type { SignInChoice } from '../identity/device/ports.ts'
import { type DeviceSignIns, deviceSignIns } from '../identity/device/sign-in.ts'
import { tokenOf } from '../identity/jwt/token.ts'
import { Throttle } from '../identity/throttle.ts'
import type { TokenKeys } from '../identity/tokens/keys.ts'
import type { AuditLog } from '../model/audit.ts'
import type { DeviceCodes, RefreshFamilies } from '../model/device.ts'
import type { Credential, Verification } from '../model/identity.ts'
import { ownValue } from '../model/json.ts'
import type { Secret } from '../model/secret.ts'
import type { SignInProvider, SignInStanding } from '../model/sign-in.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { SignInPorts } from './sign-in-ports.ts'

export interface DevicePartPorts {
  readonly store: { readonly keys: KeyStore | null }
  readonly audit: AuditLog
  readonly tokenKeys: TokenKeys
}

/** Sign-in from terminals. Guesses of codes are not forgotten in a reload: it is one for the life of the process. */
export class DevicePart {
  readonly #ports: DevicePartPorts
  readonly #throttle = new Throttle(Date.now)

  constructor(ports: DevicePartPorts) {
    this.#ports = ports
  }

  /** For the ways to sign in that are in force. */
  open(
    own: SignInPorts & { readonly standing: SignInStanding },
    providers: readonly SignInProvider[],
    passwordChoices: readonly SignInChoice[],
    identity: Pick<Identity, 'authenticate'>,
  ): DeviceSignIns {
    const { audit, store, tokenKeys } = this.#ports
    const choices = providers.map(({ name, kind }) => ({ name, kind, label: name }))
    return deviceSignIns({
      ...own,
      audit,
      providers,
      verify: (token, client) => ofOurs(own.issuer.url, token, client, identity),
      choices: [...choices, ...passwordChoices],
      digests: keyedDigests(tokenKeys),
      codes: codesOf(() => opened(store.keys).deviceCodes),
      families: familiesOf(() => opened(store.keys).refreshFamilies),
      throttle: this.#throttle,
      random: (bytes) => randomBytes(bytes).toString('base64url'),
    })
  }
}

/** As every request verifies it; of nobody else's tokens, which are not ours to end. */
function ofOurs(
  url: string,
  token: Secret,
  client: string,
  identity: Pick<Identity, 'authenticate'>,
): Verification | Promise<Verification> {
  const credential: Credential = { kind: 'token', place: 'authorization', token }
  const read = tokenOf(credential)
  const isOurs = read.ok && ownValue(read.value.payload, 'iss') === url
  if (!isOurs) return { outcome: 'rejected', reason: 'wrong_iss', method: 'jwt' }
  return identity.authenticate(credential, client)
}

function opened(store: KeyStore | null): KeyStore {
  if (store === null) throw new Error('no store is open')
  return store
}

/** Asks for the store each time: it may be opened later, and a file that answers at once may throw at once, too. */
function codesOf(store: () => DeviceCodes): DeviceCodes {
  return {
    add: async (...asked) => store().add(...asked),
    find: async (...asked) => store().find(...asked),
    decide: async (...asked) => store().decide(...asked),
    poll: async (...asked) => store().poll(...asked),
    purge: async (...asked) => store().purge(...asked),
  }
}

function familiesOf(store: () => RefreshFamilies): RefreshFamilies {
  return {
    begin: async (...asked) => store().begin(...asked),
    turn: async (...asked) => store().turn(...asked),
    turnBack: async (...asked) => store().turnBack(...asked),
    note: async (...asked) => store().note(...asked),
    end: async (...asked) => store().end(...asked),
    purge: async (...asked) => store().purge(...asked),
  }
}
