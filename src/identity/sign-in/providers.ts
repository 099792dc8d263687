import { unreachable } from '../../model/exhaustive.ts'
import type { PageAnswer, SignInProvider } from '../../model/sign-in.ts'
import type { Attempt } from './attempts.ts'
import { type Desk, noAttempt, onPage } from './desk.ts'
import { ended, refused } from './ending.ts'
import { began } from './links.ts'
import { redirect } from './page.ts'
import type { OwnRoute, Visit } from './parts.ts'
import { departurePage } from './views.ts'
import { waysOf } from './ways.ts'

/** Where a sign-in with a provider begins, and where its answer arrives. */
export function providerRoutes(desk: Desk): readonly OwnRoute[] {
  return desk.providers.flatMap((provider): OwnRoute[] => [
    { method: 'GET', path: `/auth/${provider.kind}/${provider.name}`, handle: (visit) => begin(desk, visit, provider) },
    { ...provider.arrival, handle: (visit) => arrival(desk, visit, provider) },
  ])
}

/** From the page of choices with its attempt, or from anywhere with a new one. */
async function begin(desk: Desk, visit: Visit, provider: SignInProvider): Promise<PageAnswer> {
  const turn = visit.query.get('turn')
  if (turn !== undefined && visit.query.size === 1) {
    const attempt = await desk.attempts.ofTurn(visit, turn)
    if (attempt === null || !waysOf(desk, attempt).providers.includes(provider)) return noAttempt(desk)
    return departed(desk, visit, provider, attempt)
  }
  return began(desk, visit, (wish) => {
    const attempt = desk.attempts.begin({ kind: 'token' }, wish, visit.now)
    return departed(desk, visit, provider, attempt)
  })
}

/** Sends the browser to a provider. What comes back is taken from this browser alone, and once. */
export async function departed(
  desk: Desk,
  visit: Visit,
  provider: SignInProvider,
  attempt: Attempt,
): Promise<PageAnswer> {
  const { kind, name, arrival } = provider
  const begun = await provider.begin(attempt.wish)
  if (!begun.ok) return refused(desk, visit, provider, attempt, begun.fault)
  const { departure, state } = begun.value
  const away = desk.attempts.next(attempt, { kind, name, state })
  const show = (headers: readonly string[]): PageAnswer => {
    switch (departure.by) {
      case 'redirect':
        return redirect(departure.location, headers)
      case 'form':
        return departurePage(name, departure, headers)
      default:
        return unreachable(departure)
    }
  }
  return onPage(desk, away, visit.now, show, arrival.isCrossSite ? 'anywhere' : 'top-level')
}

async function arrival(desk: Desk, visit: Visit, provider: SignInProvider): Promise<PageAnswer> {
  const attempt = await desk.attempts.of(visit)
  const away = attempt?.away
  if (!attempt || !away || away.kind !== provider.kind || away.name !== provider.name) return noAttempt(desk)
  // Before anybody is asked: of two answers, one goes on.
  if (!desk.attempts.end(attempt)) return noAttempt(desk)
  const outcome = await provider.complete(visit, away.state)
  if (outcome.outcome !== 'signed-in') return refused(desk, visit, provider, attempt, outcome)
  return ended(desk, visit, { who: { ...outcome.who, provenAt: visit.now }, attempt, secondFactor: null })
}
