import { failed } from '../../model/result.ts'
import type { MoreRoutes, OwnRoute } from '../sign-in/parts.ts'
import type { DeviceApprovals } from '../sign-in/purpose.ts'
import { jsonAnswer } from './answer.ts'
import { deviceCode } from './code.ts'
import { OwnCodes } from './own-codes.ts'
import { devicePages } from './page.ts'
import type { DevicePorts } from './ports.ts'
import { ProviderCodes } from './provider-codes.ts'
import { Quota } from './quota.ts'
import { Renewals } from './renewals.ts'
import { deviceLogout } from './sign-out.ts'
import { deviceToken } from './token.ts'
import { readUserCode } from './user-code.ts'

/** Sign-ins that one network may begin in ten minutes, whatever becomes of them. */
const QUOTA = { most: 200, windowMs: 600_000 }

/** Sign-in from a terminal: pages and resources for it, and what the other pages tell it. */
export interface DeviceSignIns extends DeviceApprovals {
  readonly more: MoreRoutes
}

export function deviceSignIns(ports: DevicePorts): DeviceSignIns {
  const own = new OwnCodes(ports)
  const provided = new ProviderCodes(ports)
  const renewals = new Renewals(ports)
  const quota = new Quota(QUOTA.most, QUOTA.windowMs)
  const choices = ports.choices.map(({ name, kind, label }) => ({ name, kind, label }))
  // For programs: they say nothing of where they come from, and get nothing by a browser's cookies. A page of another site would
  // ask in the name of its visitor's address, and use up what that network may ask for.
  const resources: readonly OwnRoute[] = [
    {
      method: 'POST',
      path: '/auth/device/code',
      handle: (visit) => deviceCode({ ports, own, provided, quota }, visit),
    },
    {
      method: 'POST',
      path: '/auth/device/token',
      handle: (visit) => deviceToken({ ports, own, provided, renewals }, visit),
    },
    {
      method: 'POST',
      path: '/auth/device/logout',
      isCrossSite: true,
      handle: (visit) => deviceLogout(ports, renewals, visit),
    },
    { method: 'GET', path: '/auth/providers', handle: async () => jsonAnswer(200, { providers: choices }) },
  ]
  return {
    more: (frame) => [...resources, ...devicePages(ports, own, frame)],
    approve: async (userCode, who, { now }) => {
      const code = readUserCode(userCode)
      if (!code.ok) return failed('unknown')
      const asking = await own.find(code.value, now)
      return asking.ok ? own.decide(asking.value.device, who, now) : asking
    },
  }
}
