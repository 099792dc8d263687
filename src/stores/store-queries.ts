import type { DeviceCodes, RefreshFamilies } from '../model/device.ts'
import { type AccountFailures, accountFailures } from './account-failures.ts'
import { deviceCodes } from './device-codes.ts'
import { type KeyQueries, keyQueries } from './key-queries.ts'
import { refreshFamilies } from './refresh-families.ts'
import { type Revocations, revocations } from './revocations.ts'
import { type ScimGroups, scimGroups } from './scim-groups.ts'
import { type ScimUsers, scimUsers } from './scim-users.ts'
import { type SealingKeyQueries, sealingKeyQueries } from './sealing-keys.ts'
import { type SecondFactors, secondFactors } from './second-factors.ts'
import { type TokenKeyQueries, tokenKeyQueries } from './token-keys.ts'
import { type UsedOnce, usedOnce } from './used-once.ts'
import { type UserOutbox, userOutbox } from './user-events.ts'
import { type UserQueries, userQueries } from './users.ts'
import type { Mode, Runner } from './work.ts'

/** All that can be asked of a store: API keys, and everything else by its name. */
export interface StoreQueries<M extends Mode> extends KeyQueries<M> {
  readonly sealing: SealingKeyQueries<M>
  readonly users: UserQueries<M>
  readonly secondFactors: SecondFactors<M>
  readonly accountFailures: AccountFailures<M>
  readonly revocations: Revocations<M>
  readonly tokenKeys: TokenKeyQueries<M>
  readonly scimUsers: ScimUsers<M>
  readonly scimGroups: ScimGroups<M>
  readonly userEvents: UserOutbox<M>
  readonly deviceCodes: DeviceCodes
  readonly refreshFamilies: RefreshFamilies
  readonly usedOnce: UsedOnce
}

export function storeQueries<M extends Mode>(runner: Runner<M>): StoreQueries<M> {
  return {
    ...keyQueries(runner),
    sealing: sealingKeyQueries(runner),
    users: userQueries(runner),
    secondFactors: secondFactors(runner),
    accountFailures: accountFailures(runner),
    revocations: revocations(runner),
    tokenKeys: tokenKeyQueries(runner),
    scimUsers: scimUsers(runner),
    scimGroups: scimGroups(runner),
    userEvents: userOutbox(runner),
    deviceCodes: deviceCodes(runner),
    refreshFamilies: refreshFamilies(runner),
    usedOnce: usedOnce(runner),
  }
}
