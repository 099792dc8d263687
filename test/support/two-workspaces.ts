import OpenAI, { APIError } from 'openai'
import type { Test } from 'tap'
import { type ObjectServer, startObjectServer } from './object-server.ts'
import type { ProxyOptions } from './proxy-folder.ts'
import { ALICE, BOB, startWorld, type World } from './world.ts'

/** Two people who may do everything, each in a workspace of their own. */
export const TWO_WORKSPACES = {
  version: 1,
  roles: { everybody: { members: [{ issuer: 'corp' }] } },
  workspaces: { red: { members: [{ user: ALICE }] }, blue: { members: [{ user: BOB }] } },
  rules: [{ id: 'all', effect: 'allow', roles: ['everybody'] }],
}

export interface TwoWorkspaces {
  readonly world: World
  readonly red: OpenAI
  readonly blue: OpenAI
}

/** The same two on one account of a provider. */
export interface SharedAccount extends TwoWorkspaces {
  readonly account: ObjectServer
  /** Speaks to the account past the proxy. */
  readonly past: OpenAI
}

/** What somebody speaks to the proxy with. */
export async function clientOf({ proxy, token }: World, person?: string): Promise<OpenAI> {
  return new OpenAI({ baseURL: proxy.baseUrl, apiKey: await token(person), maxRetries: 0 })
}

export async function startTwoWorkspaces(t: Test, options: ProxyOptions = {}): Promise<TwoWorkspaces> {
  const world = await startWorld(t, { policy: TWO_WORKSPACES, ...options })
  return { world, red: await clientOf(world, ALICE), blue: await clientOf(world, BOB) }
}

/** `optionsOf`: what the proxy is started with, where the account is not just its upstream. */
export async function startSharedAccount(
  t: Test,
  optionsOf: (upstream: string) => ProxyOptions = (upstream) => ({ upstream }),
): Promise<SharedAccount> {
  const account = await startObjectServer()
  t.teardown(() => account.close())
  const past = new OpenAI({ baseURL: account.url, apiKey: 'x' })
  return { ...(await startTwoWorkspaces(t, optionsOf(account.url))), account, past }
}

/** Every object of a list, page by page. */
export async function allOf<One>(list: AsyncIterable<One>): Promise<One[]> {
  const found: One[] = []
  for await (const one of list) found.push(one)
  return found
}

/** Status, code and parameter of what is refused; null for what is not. */
export function refusal(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => null,
    (error: unknown) => (error instanceof APIError ? [error.status, error.code, error.param] : error),
  )
}
