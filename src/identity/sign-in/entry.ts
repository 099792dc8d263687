import type { PageAnswer, SignInWish } from '../../model/sign-in.ts'
import type { Attempt } from './attempts.ts'
import { type Desk, noAttempt, onPage } from './desk.ts'
import { began } from './links.ts'
import { redirect } from './page.ts'
import type { OwnRoute, Visit } from './parts.ts'
import { departed } from './providers.ts'
import type { Purpose } from './purpose.ts'
import { choicePage, type Notice } from './views.ts'
import { waysOf } from './ways.ts'
import { NO_WISH, wishQuery } from './wish.ts'

/** The beginning: how does somebody want to sign in? */
export function entryRoutes(desk: Desk): readonly OwnRoute[] {
  return [
    { method: 'GET', path: '/auth', handle: async (visit) => began(desk, visit, (wish) => moved(desk, wish)) },
    { method: 'GET', path: '/auth/', handle: (visit) => entry(desk, visit) },
  ]
}

/** Pages stand below `/auth/`, and links in them are whole. */
async function moved({ issuer: { url } }: Desk, wish: SignInWish): Promise<PageAnswer> {
  return redirect(`${url}/auth/${wishQuery(wish)}`)
}

async function entry(desk: Desk, visit: Visit): Promise<PageAnswer> {
  if (visit.query.get('for') === 'device' && visit.query.size === 1) return forDevice(desk, visit)
  return began(desk, visit, async (wish) => {
    const { attempts, providers, passwords } = desk
    const attempt = attempts.begin({ kind: 'token' }, wish, visit.now)
    const [only] = providers
    if (only !== undefined && providers.length === 1 && passwords === null) return departed(desk, visit, only, attempt)
    return choice(desk, attempt, visit.now)
  })
}

/** The browser comes from the page that asked for the code. Always a page, so that no code is approved without one. */
async function forDevice(desk: Desk, visit: Visit): Promise<PageAnswer> {
  const attempt = await desk.attempts.of(visit)
  if (attempt?.purpose.kind !== 'device') return noAttempt(desk)
  return choice(desk, desk.attempts.next(attempt), visit.now)
}

/** The page with every way to sign in. */
export function choice(
  desk: Desk,
  attempt: Attempt,
  now: number,
  more: { readonly username?: string; readonly notice?: Notice } = {},
): Promise<PageAnswer> {
  const { url } = desk.issuer
  const { providers, sources } = waysOf(desk, attempt)
  return onPage(desk, attempt, now, (headers) => choicePage({ url, attempt, providers, sources, headers, ...more }))
}

/** For pages that are built elsewhere: on to the choice, with what it is for in the sealed cookie. */
export function signInFor(desk: Desk, purpose: Purpose, wish: SignInWish | null): Promise<PageAnswer> {
  const now = desk.ports.clock()
  const attempt = desk.attempts.begin(purpose, wish ?? NO_WISH, now)
  const query = purpose.kind === 'device' ? '?for=device' : wishQuery(attempt.wish)
  return onPage(desk, attempt, now, (headers) => redirect(`${desk.issuer.url}/auth/${query}`, headers))
}
