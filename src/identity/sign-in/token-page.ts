import type { IssuedToken, PageAnswer, SignedIn } from '../../model/sign-in.ts'
import { type Html, html, named } from './html.ts'
import { page } from './page.ts'

/** Of the groups of a person, as many are named. */
const SHOWN_GROUPS = 40
/** As many stand there without being asked for. */
const UNFOLDED_GROUPS = 6

export interface TokenView {
  /** The issuer's URL: what stands below it is the API. */
  readonly url: string
  readonly who: SignedIn
  readonly issued: IssuedToken
  readonly now: number
  readonly headers: readonly string[]
}

/**
 * Shows a token, once: the answer to the form, or to the provider's, is this page itself. Behind a redirect it would have
 * to be kept somewhere in between, and a reload would show it again.
 */
export function tokenPage({ url, who, issued, now, headers }: TokenView): PageAnswer {
  const { id, name, issuer } = who.principal
  const until = new Date(issued.expiresAt * 1000)
  const body = html`<p>Copy it now: it is not shown again. Whoever has it can use the API in your name until it expires.</p>
<label for="token">Token</label>
<p class="hint" id="token-hint">In the field, Ctrl+A (on a Mac ⌘A) selects all of it.</p>
<textarea id="token" readonly spellcheck="false" autocomplete="off" autofocus aria-describedby="token-hint">${issued.token.reveal()}</textarea>
<h2>Use it</h2>
<p>In a terminal, with the token in place of the dots:</p>
<pre>export OPENAI_BASE_URL='${url}/v1'
export OPENAI_API_KEY='…'</pre>
<h2>What it says</h2>
<dl>
<dt>Who</dt><dd>${name === null ? null : html`${named(name)}, `}${named(id)} (${named(issuer)})</dd>
<dt>Until</dt><dd><time datetime="${until.toISOString()}">${moment(until)}</time> (${span(issued.expiresAt - now / 1000)})</dd>
<dt>Groups</dt><dd>${groupsText(who.principal.groups)}</dd>
<dt>Second factor</dt><dd>${FACTORS[who.principal.mfa]}</dd>
</dl>
<p class="quiet">Close this page when you have copied the token.</p>`
  return page({ title: 'Your token', body, headers })
}

const FACTORS = { yes: 'shown', no: 'not shown', unknown: 'the provider does not say' } as const

/** A line each: names of groups may have commas. Many of them are unfolded by who wants to see them. */
function groupsText(groups: readonly string[] | undefined): Html {
  if (groups === undefined) return html`the provider does not say`
  if (groups.length === 0) return html`none`
  const shown = groups.slice(0, SHOWN_GROUPS).map((group) => html`<li>${named(group)}</li>\n`)
  const more = groups.length - shown.length
  const list = html`<ul>${shown}${more > 0 ? html`<li>and ${more} more</li>` : null}</ul>`
  return groups.length <= UNFOLDED_GROUPS
    ? list
    : html`<details><summary>${groups.length} groups</summary>${list}</details>`
}

function moment(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function span(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60))
  if (minutes < 120) return `in ${minutes} minute${minutes === 1 ? '' : 's'}`
  const hours = Math.round(minutes / 60)
  return hours < 72 ? `in ${hours} hours` : `in ${Math.round(hours / 24)} days`
}
