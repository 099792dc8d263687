import type { RefreshFamily } from '../../model/device.ts'
import { ownValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { Secret } from '../../model/secret.ts'
import type { Renewed, SignedIn } from '../../model/sign-in.ts'
import type { Visit } from '../sign-in/parts.ts'
import { digestOf } from './digest.ts'
import { type Issued, type IssuingFault, issue, noteFailed, noteReused } from './issuing.ts'
import { orNull } from './own-codes.ts'
import type { DevicePorts } from './ports.ts'

const GRANT = 'device-refresh'
const PREFIX = 'r.'
/** However often it is renewed: somebody signs in again after this. */
const LIFE_MS = 30 * 86_400_000
const MAX_TOKEN = 12_000
/** Who asks for the revocation, as its event says. */
const BY = 'refresh token used again'

export type RenewFault = 'invalid' | 'unavailable' | Exclude<IssuingFault, 'unavailable' | 'expired'>

/** A token, and the refresh token that comes with it; null where nothing can be renewed. */
export interface Granted extends Issued {
  readonly refresh: string | null
  /** What it belongs to; null with `refresh`. */
  readonly family: { readonly id: string; readonly before: string; readonly current: string } | null
}

interface Grant {
  readonly family: string
  readonly turn: string
  readonly provider: string
  readonly grant: string
}

type RenewPorts = Pick<
  DevicePorts,
  'issuer' | 'sealer' | 'families' | 'revocations' | 'revoker' | 'providers' | 'audit' | 'random'
>

/**
 * Refresh tokens: a provider's own one, sealed, so that it never leaves the proxy as it is. Each is good once; one that is
 * used again ends everything that came from the sign-in (RFC 9700 section 4.14.2). Nothing here rejects.
 */
export class Renewals {
  readonly #ports: RenewPorts

  constructor(ports: RenewPorts) {
    this.#ports = ports
  }

  /** The first one, of a sign-in at a provider; null where it cannot be renewed, which keeps nobody from the token. */
  async begin(provider: string, { issued, who }: Issued, grant: Secret | null, now: number): Promise<Granted> {
    const alone: Granted = { issued, who, refresh: null, family: null }
    const { families, random, providers } = this.#ports
    if (grant === null || providers.find(({ name }) => name === provider)?.renew === undefined) return alone
    const [family, turn] = [random(16), random(32)]
    const expiresAt = now + LIFE_MS
    const refresh = await this.#seal({ family, turn, provider, grant: grant.reveal() }, expiresAt)
    if (refresh === null) return alone
    const { id: subject, issuer } = who.principal
    const current = digestOf(turn)
    const token = { tokenId: issued.tokenId, expiresAt: issued.expiresAt * 1000 }
    const person = { issuer, subject, sub: who.subject, session: who.session }
    const row = { id: family, current, ...person, createdAt: now, expiresAt }
    const isBegun = await orNull(families.begin({ ...row, tokens: [token] }))
    return isBegun === true ? { ...alone, refresh, family: { id: family, before: current, current } } : alone
  }

  async renew(refresh: string, request: Visit): Promise<Result<Granted, RenewFault>> {
    const { sealer, families, providers, random } = this.#ports
    const opened = await openedGrant(sealer, refresh)
    if (!opened.ok) return opened
    const grant = opened.value
    const provider = providers.find(({ name }) => name === grant.provider)
    if (provider?.renew === undefined) return failed('invalid')
    const next = random(32)
    const [before, current] = [digestOf(grant.turn), digestOf(next)]
    const turn = await orNull(families.turn(grant.family, before, current, request.now))
    if (turn === null) return failed('unavailable')
    if (turn.state === 'unknown') return failed('invalid')
    if (turn.state === 'reused') return this.#reused(turn.family, request)
    const ended = await this.#isRevoked(turn.family)
    if (ended === true) return this.#end(grant.family)
    const renewed = ended === null ? null : await provider.renew(new Secret(grant.grant))
    if (renewed?.outcome === 'rejected') {
      noteFailed(this.#ports, provider.name, renewed, request)
      return this.#end(grant.family)
    }
    if (renewed?.outcome !== 'signed-in') return this.#back(grant.family, before, current, 'unavailable')
    // Whoever it is now: the family is somebody else's.
    if (!isOf(turn.family, renewed.who)) return this.#end(grant.family)
    const turned = { id: grant.family, before, current }
    return this.#issue(turn.family, turned, { ...grant, turn: next, grant: grantOf(renewed, grant) }, renewed, request)
  }

  /**
   * Ends a sign-in, and the tokens that came of it, for whoever holds a refresh token of it, the present one or one of before.
   * False where that cannot be written.
   */
  async signOut(refresh: string, now: number, by: string): Promise<boolean> {
    const opened = await openedGrant(this.#ports.sealer, refresh)
    if (!opened.ok) return opened.fault === 'invalid'
    const { families } = this.#ports
    const family = await orNull(families.end(opened.value.family))
    if (family === undefined) return true
    if (family === null) return false
    const areRevoked = await this.#revoke(family, now, by)
    // Who tries again must find what is to be revoked.
    if (!areRevoked) await orNull(families.begin(family))
    return areRevoked
  }

  /** Takes a turn back whose token was not handed out: the refresh token of before is good again. */
  async undo({ family }: Granted): Promise<void> {
    if (family !== null) await orNull(this.#ports.families.turnBack(family.id, family.before, family.current))
  }

  async #issue(
    family: RefreshFamily,
    turned: NonNullable<Granted['family']>,
    grant: Grant,
    { who }: Renewed,
    request: Visit,
  ): Promise<Result<Granted, RenewFault>> {
    const { id, before, current } = turned
    const refresh = await this.#seal(grant, family.expiresAt)
    const made =
      refresh === null ? failed('unavailable' as const) : await issue(this.#ports, { ...who, provenAt: request.now })
    if (!made.ok) {
      const fault = made.fault === 'expired' ? 'invalid' : made.fault
      return fault === 'invalid' ? this.#end(id) : this.#back(id, before, current, fault)
    }
    const { issued } = made.value
    const token = { tokenId: issued.tokenId, expiresAt: issued.expiresAt * 1000 }
    const isNoted = await orNull(this.#ports.families.note(id, current, token, request.now))
    // INVARIANT: a token that its family does not know could not be revoked with it, and is not handed out.
    if (isNoted === null) return this.#back(id, before, current, 'unavailable')
    return isNoted ? ok({ ...made.value, refresh, family: turned }) : failed('invalid')
  }

  /** Null where nobody can tell. */
  async #isRevoked({ issuer, subject, sub, session, createdAt }: RefreshFamily): Promise<boolean | null> {
    const issuedAt = Math.floor(createdAt / 1000)
    try {
      return await this.#ports.revocations.isRevoked({ issuer, subject, sub, tokenId: null, session, issuedAt })
    } catch {
      return null
    }
  }

  async #reused(family: RefreshFamily, request: Visit): Promise<Result<never, RenewFault>> {
    const { families } = this.#ports
    // Who holds the present one gets no further; then what it was given already.
    const ended = await orNull(families.end(family.id))
    const revoked = await this.#revoke(ended ?? family, request.now, BY)
    const areRevoked = ended !== null && revoked
    // Of several that use it again at once only the first one ends anything.
    if (ended !== undefined) noteReused(this.#ports, { ...family, areRevoked }, request)
    return failed(areRevoked ? 'invalid' : 'unavailable')
  }

  /** What was handed out and is valid still. */
  async #revoke({ issuer, tokens }: RefreshFamily, now: number, by: string): Promise<boolean> {
    const { revoker } = this.#ports
    const valid = tokens.filter(({ expiresAt }) => expiresAt > now)
    const revoked = valid.map(({ tokenId, expiresAt }) => orNull(revoker.token(issuer, tokenId, expiresAt, by)))
    return (await Promise.all(revoked)).every((done) => done !== null)
  }

  async #end(family: string): Promise<Result<never, RenewFault>> {
    await orNull(this.#ports.families.end(family))
    return failed('invalid')
  }

  async #back(id: string, before: string, current: string, fault: RenewFault): Promise<Result<never, RenewFault>> {
    await orNull(this.#ports.families.turnBack(id, before, current))
    return failed(fault)
  }

  async #seal({ family, turn, provider, grant }: Grant, until: number): Promise<string | null> {
    const sealed = await this.#ports.sealer.seal(GRANT, { family, turn, provider, grant }, until)
    return sealed.ok && sealed.value.length <= MAX_TOKEN - PREFIX.length ? PREFIX + sealed.value : null
  }
}

async function openedGrant(
  sealer: DevicePorts['sealer'],
  refresh: string,
): Promise<Result<Grant, 'invalid' | 'unavailable'>> {
  if (!refresh.startsWith(PREFIX) || refresh.length > MAX_TOKEN) return failed('invalid')
  const opened = await sealer.open(GRANT, refresh.slice(PREFIX.length))
  if (!opened.ok) return failed(opened.fault === 'unavailable' ? 'unavailable' : 'invalid')
  const grant = readGrant(opened.value)
  return grant === null ? failed('invalid') : ok(grant)
}

function readGrant(sealed: Parameters<typeof ownValue>[0]): Grant | null {
  const [family, turn, provider, grant] = ['family', 'turn', 'provider', 'grant'].map((key) => ownValue(sealed, key))
  if (typeof family !== 'string' || typeof turn !== 'string') return null
  return typeof provider === 'string' && typeof grant === 'string' ? { family, turn, provider, grant } : null
}

/** Some providers do not give another one each time. */
function grantOf({ grant }: Renewed, before: Grant): string {
  return grant === null ? before.grant : grant.reveal()
}

function isOf({ issuer, subject }: RefreshFamily, { principal }: SignedIn): boolean {
  return principal.issuer === issuer && principal.id === subject
}
