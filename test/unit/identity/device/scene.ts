import { randomBytes } from 'node:crypto'
import { type DeviceSignIns, deviceSignIns } from '../../../../src/identity/device/sign-in.ts'
import type { Visit } from '../../../../src/identity/sign-in/parts.ts'
import { Throttle } from '../../../../src/identity/throttle.ts'
import type { AuditEvent } from '../../../../src/model/audit.ts'
import type { DeviceCodes, RefreshFamilies } from '../../../../src/model/device.ts'
import type { PageAnswer } from '../../../../src/model/sign-in.ts'
import {
  CHOICES,
  digestDouble,
  isRevokedDouble,
  issuerDouble,
  NOW,
  providerDouble,
  revokerDouble,
  sealerDouble,
  verifyDouble,
  type World,
} from './doubles.ts'

/** What is kept, by the real thing. */
export interface KeptParts {
  readonly deviceCodes: DeviceCodes
  readonly refreshFamilies: RefreshFamilies
}

export type Told = { readonly status: number; readonly [name: string]: unknown }
export type Form = { readonly [name: string]: string }

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** Fails like a store that is gone, whenever the world says so. */
function breakable<T extends object>(world: World, part: T): T {
  return new Proxy(part, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as (...values: unknown[]) => Promise<unknown>
      return (...values: unknown[]) =>
        world.broken.has('store') ? Promise.reject(new Error('the store is gone')) : member(...values)
    },
  })
}

/** Two instances of the protocol over one store, as in a fleet, with everything around them a double. */
export function scene(kept: KeptParts, others: KeptParts = kept, interval = 5) {
  const world: World = { now: NOW, broken: new Set() }
  const events: AuditEvent[] = []
  const issuer = issuerDouble(world)
  const sealer = sealerDouble(world)
  const digests = digestDouble()
  const revoker = revokerDouble(world)
  const revoked = { subject: null as string | null }
  const provider = providerDouble('corp', interval)
  const part = (store: KeptParts): DeviceSignIns =>
    deviceSignIns({
      issuer,
      sealer,
      digests,
      codes: breakable(world, store.deviceCodes),
      families: breakable(world, store.refreshFamilies),
      revocations: { isRevoked: isRevokedDouble(world, revoked) },
      revoker,
      verify: verifyDouble(world, issuer),
      choices: CHOICES,
      providers: [provider],
      throttle: new Throttle(() => world.now),
      audit: {
        append: (event) => events.push(event),
        commit: (event, answered) => {
          const accepted = !world.broken.has('audit')
          if (accepted) events.push(event)
          answered(accepted)
        },
      },
      random: (bytes) => randomBytes(bytes).toString('base64url'),
    })
  const instances = [part(kept), part(others)] as const
  const call = async (path: string, form: Form, client = '192.0.2.1', instance: 0 | 1 = 0): Promise<Told> =>
    told(await routeOf(instances[instance], path)(pageRequest(world.now, path, form, client)))
  const poll = (device_code: unknown, instance: 0 | 1 = 0) =>
    call('/auth/device/token', { grant_type: DEVICE_GRANT, device_code: String(device_code) }, '192.0.2.1', instance)
  const refresh = (refresh_token: unknown, instance: 0 | 1 = 0) =>
    call(
      '/auth/device/token',
      { grant_type: 'refresh_token', refresh_token: String(refresh_token) },
      '192.0.2.1',
      instance,
    )
  const approve = (code: unknown, who: Parameters<DeviceSignIns['approve']>[1], instance: 0 | 1 = 0) =>
    instances[instance].approve(String(code), who, pageRequest(world.now, '/auth/', {}))
  const actions = () => events.map(({ action }) => action)
  return { world, events, actions, issuer, revoker, revoked, provider, instances, call, poll, refresh, approve }
}

export type Scene = ReturnType<typeof scene>

/** Routes alone: of the frame of the pages nothing is needed. */
export function routesOf({ more }: DeviceSignIns) {
  const unused = () => {
    throw new Error('a page')
  }
  return more({ url: 'https://llm.example', page: unused, signInFor: unused, openForm: unused, isOurs: unused })
}

function routeOf(signIns: DeviceSignIns, path: string): (request: Visit) => Promise<PageAnswer> {
  const route = routesOf(signIns).find((one) => one.path === path)
  if (route === undefined) throw new Error(`no route ${path}`)
  return (request) => route.handle(request)
}

export function pageRequest(now: number, path: string, form: Form, client = '192.0.2.1'): Visit {
  return {
    id: 'req-1',
    method: Object.keys(form).length === 0 ? 'GET' : 'POST',
    path,
    query: new Map(),
    form: new Map(Object.entries(form)),
    cookies: new Map(),
    header: () => undefined,
    client,
    now,
    asked: { id: 'req-1', method: 'POST', path, httpVersion: '1.1', clientIp: client },
  }
}

function told({ status, headers, body }: PageAnswer): Told {
  const retry = headers.indexOf('retry-after')
  const rest = JSON.parse(body) as object
  return { ...rest, status, ...(retry === -1 ? {} : { retry: headers[retry + 1] }) }
}
