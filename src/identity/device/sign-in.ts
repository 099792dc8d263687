import { failed, type Result } from '../../model/result.ts'
import type { PageRequest, Route, SignedIn } from '../../model/sign-in.ts'
import { jsonAnswer } from './answer.ts'
import { deviceCode } from './code.ts'
import { OwnCodes } from './own-codes.ts'
import type { DevicePorts } from './ports.ts'
import { ProviderCodes } from './provider-codes.ts'
import { Quota } from './quota.ts'
import { Renewals } from './renewals.ts'
import { deviceToken } from './token.ts'
import { readUserCode } from './user-code.ts'

/** Sign-ins that one network may begin in ten minutes, whatever becomes of them. */
const QUOTA = { most: 200, windowMs: 600_000 }

/** Sign-in from a terminal: the resources for it, and what the pages tell it. */
export interface DeviceSignIns {
  /** For programs: they bring neither an origin nor a one-time token, and get nothing by a browser's cookies. */
  readonly routes: readonly Route[]
  /** Lets the terminal that shows this code have a token of who has signed in. Never rejects. */
  approve(userCode: string, who: SignedIn, request: PageRequest): Promise<Result<null, 'unknown' | 'unavailable'>>
}

export function deviceSignIns(ports: DevicePorts): DeviceSignIns {
  const own = new OwnCodes(ports)
  const provided = new ProviderCodes(ports)
  const renewals = new Renewals(ports)
  const quota = new Quota(QUOTA.most, QUOTA.windowMs)
  const choices = ports.choices.map(({ name, kind, label }) => ({ name, kind, label }))
  return {
    routes: [
      {
        method: 'POST',
        path: '/auth/device/code',
        isCrossSite: true,
        handle: (request) => deviceCode({ ports, own, provided, quota }, request),
      },
      {
        method: 'POST',
        path: '/auth/device/token',
        isCrossSite: true,
        handle: (request) => deviceToken({ ports, own, provided, renewals }, request),
      },
      { method: 'GET', path: '/auth/providers', handle: async () => jsonAnswer(200, { providers: choices }) },
    ],
    approve: async (userCode, who, { now }) => {
      const code = readUserCode(userCode)
      if (!code.ok) return failed('unknown')
      const asking = await own.find(code.value, now)
      return asking.ok ? own.decide(asking.value.device, who, now) : asking
    },
  }
}
