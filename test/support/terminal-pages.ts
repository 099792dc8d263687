import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Test } from 'tap'
import { deviceSignIns } from '../../src/identity/device/sign-in.ts'
import { Throttle } from '../../src/identity/throttle.ts'
import { openKeyStore } from '../../src/stores/keys.ts'
import {
  digestDouble,
  isRevokedDouble,
  issuerDouble,
  revokerDouble,
  verifyDouble,
  type World,
} from '../unit/identity/device/doubles.ts'
import { DEVICE_GRANT } from '../unit/identity/device/scene.ts'
import { Agent, type AgentAnswer } from './agent.ts'
import { folderOf } from './cli.ts'
import { type Pages, passwords, principal, provider, sealing, signedIn, startPages } from './sign-in-world.ts'

/** Alice has a password, and carol the provider `corp`. */
export const ALICE = { username: 'alice', password: 'right' }
const CAROL = signedIn(principal('carol', { issuer: 'corp', method: 'jwt', mfa: 'yes' }))

/** The pages on a listener, with sign-in from terminals over a real store. */
export interface TerminalPages extends Pages {
  /** A terminal asks for a code. */
  ask(form?: Record<string, string>): Promise<{ readonly device: string; readonly user: string }>
  /** The terminal polls, as late as it should. */
  poll(device: string): Promise<{ readonly status: number; readonly [name: string]: unknown }>
  actions(): string[]
}

export async function startTerminalPages(t: Test): Promise<TerminalPages> {
  const store = openKeyStore(join(folderOf(t), 'store.db'))
  if (!store.ok) throw new Error(store.fault)
  t.teardown(() => store.value.close())
  const world: World = { now: Date.now(), broken: new Set() }
  const events: Pages['events'] = []
  const parts = (url: string) => {
    const device = deviceSignIns({
      issuer: { ...issuerDouble(world), url },
      sealer: sealing(() => world.now),
      digests: digestDouble(),
      codes: store.value.deviceCodes,
      families: store.value.refreshFamilies,
      revocations: { isRevoked: isRevokedDouble(world, { subject: null }) },
      revoker: revokerDouble(world),
      verify: verifyDouble(world, issuerDouble(world)),
      choices: [
        { name: 'corp', kind: 'oidc', label: 'corp' },
        { name: 'staff', kind: 'ldap', label: 'staff' },
      ],
      providers: [],
      throttle: new Throttle(() => world.now),
      audit: {
        append: (event) => events.push(event),
        commit: (event, answered) => {
          events.push(event)
          answered(true)
        },
      },
      random: (bytes) => randomBytes(bytes).toString('base64url'),
    })
    const alice = ['right', principal('alice')] as const
    const people = passwords({ alice, 'staff\\alice': alice })
    return { providers: [provider(url, CAROL)], passwords: people, device, more: [device.more] }
  }
  const pages = await startPages(t, { parts })
  const call = async (path: string, form: Record<string, string>) => {
    // As programs send it: they say nothing of where it comes from.
    const answer = await fetch(pages.url + path, { method: 'POST', body: new URLSearchParams(form) })
    const said = { ...((await answer.json()) as object), status: answer.status }
    return said as { readonly status: number; readonly [name: string]: unknown }
  }
  return Object.assign(pages, {
    ask: async (form: Record<string, string> = {}) => {
      const { device_code, user_code } = await call('/auth/device/code', form)
      return { device: String(device_code), user: String(user_code) }
    },
    poll: (device: string) => {
      world.now += 5000
      pages.now = world.now
      return call('/auth/device/token', { grant_type: DEVICE_GRANT, device_code: device })
    },
    actions: () => [...pages.events, ...events].map(({ action }) => action),
  })
}

/** A browser on the page that asks whether the terminal is theirs. */
export async function confirming(pages: TerminalPages, user: string): Promise<{ agent: Agent; page: AgentAnswer }> {
  const agent = new Agent(pages.url)
  const form = (await agent.get('/auth/device')).field('form')
  return { agent, page: await agent.post('/auth/device', { form, user_code: user }) }
}

/** The form of that page, as its button sends it. */
export function decision(page: AgentAnswer, decides = 'go'): Record<string, string> {
  return { form: page.field('form'), asked: page.field('asked'), decision: decides }
}
