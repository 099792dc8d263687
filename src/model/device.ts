/** What a sign-in from a terminal leaves in the store, as the protocol needs it. Hashes are no credentials. Times are epoch milliseconds. */

/** Somebody's terminal that has asked, and waits for a person who signs in elsewhere. */
export interface WaitingDevice {
  /** Of the code that the terminal holds. */
  readonly device: string
  /** Of the code that the person types. */
  readonly user: string
  /** The address that asked; empty where it is unknown. */
  readonly client: string
  /** Who has an IPv6 address may have all of its site. */
  readonly network: string
  /** A JSON text: what was asked for. */
  readonly wish: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** How many may wait at once. */
export interface WaitingLimits {
  readonly all: number
  readonly ofNetwork: number
}

export type PollOutcome =
  | { readonly state: 'unknown' | 'expired' | 'pending' | 'too_soon' | 'denied' }
  /** It is gone from the store: nobody is told so again. */
  | { readonly state: 'approved'; readonly sealed: string }

/** Everything rejects when the store cannot be read or written. */
export interface DeviceCodes {
  /** `taken`: another one waits with the same code for people. */
  add(device: WaitingDevice, limits: WaitingLimits): Promise<'added' | 'taken' | 'full'>
  /** Undefined for what nobody can decide about any more: what was decided, too. */
  find(by: 'user' | 'device', hash: string, now: number): Promise<WaitingDevice | undefined>
  /** `sealed`: who has signed in; null refuses. Of several decisions the first one holds, and the others answer false. */
  decide(device: string, sealed: string | null, now: number): Promise<boolean>
  poll(device: string, intervalMs: number, now: number): Promise<PollOutcome>
  /** Forgets what is long over. Answers how many. */
  purge(now: number): Promise<number>
}

/** A token that came from a family, as far as it must be known to revoke it. */
export interface FamilyToken {
  readonly tokenId: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** All that comes from one sign-in that can be renewed: of its refresh tokens only the last one is good. */
export interface RefreshFamily {
  readonly id: string
  /** A hash of the refresh token that is good. */
  readonly current: string
  readonly issuer: string
  /** The principal's id. */
  readonly subject: string
  /** What the provider calls the person, and the session, when it ends them. */
  readonly sub: string | null
  readonly session: string | null
  readonly createdAt: number
  readonly expiresAt: number
  /** Those that may be valid still. */
  readonly tokens: readonly FamilyToken[]
}

export type TurnOutcome =
  | { readonly state: 'turned' | 'reused'; readonly family: RefreshFamily }
  | { readonly state: 'unknown' }

/** Everything rejects when the store cannot be read or written. */
export interface RefreshFamilies {
  /** False where no store can hold its names: then nothing is renewed. */
  begin(family: RefreshFamily): Promise<boolean>
  /** The next refresh token takes the place of the present one. `reused`: `from` was good once. Of several one turns it. */
  turn(id: string, from: string, to: string, now: number): Promise<TurnOutcome>
  /** Takes back a turn that nothing came of. */
  turnBack(id: string, from: string, to: string): Promise<void>
  /** Notes a token, if the family is still there and `current` is what is good. */
  note(id: string, current: string, token: FamilyToken, now: number): Promise<boolean>
  /** Answers what it was; undefined where it has ended before. */
  end(id: string): Promise<RefreshFamily | undefined>
  /** Forgets what is over. Answers how many. */
  purge(now: number): Promise<number>
}
