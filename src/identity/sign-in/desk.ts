import type { PageAnswer } from '../../model/sign-in.ts'
import type { Attempt, Attempts } from './attempts.ts'
import type { CookieReach } from './cookies.ts'
import { type Html, html } from './html.ts'
import { refusalPage } from './page.ts'
import type { SignInParts, SignInPorts } from './parts.ts'
import { wishQuery } from './wish.ts'

/** What every page works with. */
export interface Desk extends Omit<SignInParts, 'more'> {
  readonly ports: SignInPorts
  readonly attempts: Attempts
}

/** Begins, or goes on with, an attempt on a page that `show` makes; `headers` bind it to the browser. */
export async function onPage(
  { attempts }: Pick<Desk, 'attempts'>,
  attempt: Attempt,
  now: number,
  show: (headers: readonly string[]) => PageAnswer,
  reach?: CookieReach,
): Promise<PageAnswer> {
  const headers = await attempts.keep(attempt, now, reach)
  return headers === null ? unusable() : show(headers)
}

/** A link to the beginning, with the same wish. */
export function again({ issuer: { url } }: Pick<Desk, 'issuer'>, attempt: Attempt | null): Html {
  const target =
    attempt?.purpose.kind === 'device' ? `${url}/auth/device` : `${url}/auth/${attempt ? wishQuery(attempt.wish) : ''}`
  return html`<p><a class="button" href="${target}">Start again</a></p>`
}

/** The browser has no attempt that could go on: too old, over, of another page, or never begun. */
export function noAttempt(desk: Pick<Desk, 'issuer'>): PageAnswer {
  const says =
    'This page belongs to no sign-in of this browser that is still open. It may have taken longer than ten minutes, or have been finished on another page, or the browser keeps no cookies of this site.'
  return refusalPage(400, 'Start again', says, again(desk, null))
}

/** Something that is needed is not there; for a moment, as far as anybody can tell. */
export function unusable(
  says = 'Signing in is not possible right now. Try again in a moment.',
  seconds = 5,
): PageAnswer {
  const answer = refusalPage(503, 'Not possible right now', says)
  return { ...answer, headers: [...answer.headers, 'retry-after', String(seconds)] }
}

export const UNWRITTEN = 'Nobody can sign in while the audit cannot be written. Try again in a moment.'
