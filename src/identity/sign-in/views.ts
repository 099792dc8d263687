import type { PageAnswer } from '../../model/sign-in.ts'
import { type Attempt, formField } from './attempts.ts'
import { type Html, html, named } from './html.ts'
import { page } from './page.ts'

/** The pages that ask for something. What they show of the config is names alone. */

export interface Notice {
  readonly status: number
  readonly says: string
  readonly headers?: readonly string[]
}

export interface ChoiceView {
  readonly url: string
  readonly attempt: Attempt
  readonly providers: readonly { readonly kind: string; readonly name: string }[]
  /** Null where nobody has a password here. */
  readonly sources: readonly string[] | null
  readonly username?: string
  readonly notice?: Notice
  readonly headers: readonly string[]
}

/** The ways to sign in: links to providers, and a form for passwords. */
export function choicePage(view: ChoiceView): PageAnswer {
  const { url, attempt, providers, sources, notice, headers } = view
  const links = providers.map(
    ({ kind, name }) =>
      html`<li><a class="button" href="${url}/auth/${kind}/${name}?turn=${attempt.turn}">Continue with ${named(name)}</a></li>\n`,
  )
  const between = links.length > 0 && sources !== null ? html`<p class="or">or with a password</p>` : null
  const body = html`${purposeText(attempt)}
${links.length > 0 ? html`<ul class="ways">${links}</ul>` : null}
${between}
${sources === null ? null : passwordForm(view, sources)}`
  return page({
    title: 'Sign in',
    body,
    status: notice?.status ?? 200,
    isAlert: notice !== undefined,
    headers: [...headers, ...(notice?.headers ?? [])],
    ...(sources === null ? {} : { formsTo: "'self'" }),
  })
}

function passwordForm({ url, attempt, username = '', notice }: ChoiceView, sources: readonly string[]): Html {
  const [first] = sources
  const others = sources.slice(1).map((source, index) => html`${index === 0 ? '' : ' or '}<code>${source}\\user</code>`)
  const hint =
    others.length === 0
      ? null
      : html`<p class="hint" id="username-hint">A name alone is one of ${named(first ?? '')}. For others write ${others}.</p>\n`
  const described = hint === null ? null : html` aria-describedby="username-hint"`
  const invalid = notice === undefined ? null : html`${wrong(notice)} autofocus aria-describedby="alert"`
  return html`${alert(notice)}
<form method="post" action="${url}/auth/password">
${formField(attempt)}
<label for="username">User name</label>
${hint}<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="256" required value="${username}"${described}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required${invalid}>
<button type="submit">Sign in</button>
</form>`
}

export interface CodeView {
  readonly url: string
  readonly attempt: Attempt
  /** The account, sealed. */
  readonly person: string
  readonly notice?: Notice
  readonly headers: readonly string[]
}

export function codePage({ url, attempt, person, notice, headers }: CodeView): PageAnswer {
  const described = notice === undefined ? 'code-hint' : 'alert code-hint'
  const body = html`${alert(notice)}
<form method="post" action="${url}/auth/code">
${formField(attempt)}<input type="hidden" name="person" value="${person}">
<label for="code">Code</label>
<p class="hint" id="code-hint">From your authenticator app, or one of your recovery codes.</p>
<input id="code" class="code" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="64" required autofocus aria-describedby="${described}"${wrong(notice)}>
<button type="submit">Continue</button>
</form>`
  return page({
    title: 'Enter your code',
    body,
    status: notice?.status ?? 200,
    isAlert: notice !== undefined,
    headers: [...headers, ...(notice?.headers ?? [])],
    formsTo: "'self'",
  })
}

export function waiting(seconds: number): Notice {
  const says = `There were too many attempts. Wait ${seconds} second${seconds === 1 ? '' : 's'}, then try again.`
  return { status: 429, says, headers: ['retry-after', String(seconds)] }
}

function alert(notice: Notice | undefined): Html | null {
  return notice === undefined ? null : html`<p class="alert" role="alert" id="alert">${notice.says}</p>`
}

/** What has to wait, or cannot be checked, need not be wrong. */
function wrong(notice: Notice | undefined): Html | null {
  return notice === undefined || notice.status === 429 || notice.status === 503 ? null : html` aria-invalid="true"`
}

function purposeText({ purpose, wish }: Attempt): Html {
  const strength =
    wish.acrValues.length > 0 || wish.maxAge !== null ? html` A stronger, or more recent, sign-in was asked for.` : null
  const factor = wish.mfa
    ? html`<p class="hint">A second factor is needed: sign in where you are asked for one, or with your password if you have an app, or recovery codes, for its codes here. A password alone is not enough.</p>`
    : null
  if (purpose.kind === 'device') {
    return html`<p>To let the terminal with the code <strong>${purpose.userCode}</strong> use the API in your name.${strength}</p>`
  }
  return html`<p>To get a token for the API.${strength}</p>
${factor}`
}

/** The browser posts a form to a provider; without a script the person has to say so. */
export function departurePage(
  name: string,
  { action, fields }: { readonly action: string; readonly fields: Readonly<Record<string, string>> },
  headers: readonly string[],
): PageAnswer {
  const inputs = Object.entries(fields).map(
    ([field, value]) => html`<input type="hidden" name="${field}" value="${value}">\n`,
  )
  const body = html`<p>You sign in there, and come back here.</p>
<form method="post" action="${action}">
${inputs}<button type="submit" autofocus>Continue to ${named(name)}</button>
</form>`
  return page({ title: `Sign in with ${name}`, body, headers, formsTo: new URL(action).origin })
}
