import type { PageAnswer } from '../../model/sign-in.ts'
import { Html, html } from './html.ts'
import { STYLE, STYLE_SOURCE } from './style.ts'

export interface PageParts {
  /** Of the tab, and the one heading. */
  readonly title: string
  readonly body: Html
  /** 200 where it is absent. */
  readonly status?: number
  /** Something is told that went wrong: the title is what is heard of a page first. */
  readonly isAlert?: boolean
  /** Name, value…, beside those of every page. */
  readonly headers?: readonly string[]
  /** Where its forms go: an origin. Absent where it has none. */
  readonly formsTo?: string
}

/** One page, whole. */
export function page({ title, body, status = 200, isAlert = false, headers = [], formsTo }: PageParts): PageAnswer {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${isAlert ? 'Error: ' : ''}${title} - Sallyport</title>
<link rel="icon" href="data:,">
${STYLE_ELEMENT}
</head>
<body>
<main>
<p class="brand">Sallyport</p>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`
  // A page whose referrer is kept from everybody posts without its origin, too, and by that our forms are known.
  const referrer = formsTo === undefined ? 'no-referrer' : 'same-origin'
  return {
    status,
    headers: [
      ...['content-type', 'text/html; charset=utf-8', 'referrer-policy', referrer],
      ...['content-security-policy', contentPolicy(formsTo), ...headers],
    ],
    body: String(document),
  }
}

const STYLE_ELEMENT = Html.of([`<style>${STYLE}</style>`], [])

/** The icon is an empty one in the page: browsers would ask for another. */
function contentPolicy(formsTo: string | undefined): string {
  const forms = formsTo === undefined ? "'none'" : formsTo
  return `${NOTHING}; style-src ${STYLE_SOURCE}; img-src data:; form-action ${forms}`
}

const NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"

/** Something is wrong with the request, or with us. `next` is what the person can do. */
export function refusalPage(status: number, title: string, says: string, next: Html | null = null): PageAnswer {
  return page({ title, status, body: html`<p>${says}</p>${next}` })
}

/** What stands in every answer that does not say otherwise. */
const ALWAYS: readonly (readonly [string, string])[] = [
  ['cache-control', 'no-store'],
  ['content-security-policy', `${NOTHING}; form-action 'none'`],
  ['content-type', 'text/plain; charset=utf-8'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=()'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
]

/** A year, for this name alone. */
const ONLY_TLS = ['strict-transport-security', 'max-age=31536000']

/** The headers of an answer with all that belong to every one. `isSecure`: it is reached by TLS. */
export function wholeHead({ headers }: PageAnswer, isSecure: boolean): string[] {
  const said = new Set(headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()))
  const absent = ALWAYS.filter(([name]) => !said.has(name)).flat()
  return [...headers, ...absent, ...(isSecure ? ONLY_TLS : [])]
}

export function redirect(location: string, headers: readonly string[] = []): PageAnswer {
  return { status: 303, headers: ['location', location, ...headers], body: '' }
}

/** A resource for programs. */
export function document(status: number, value: object, headers: readonly string[] = []): PageAnswer {
  return { status, headers: ['content-type', 'application/json', ...headers], body: JSON.stringify(value) }
}

/** Why there is no page: as one for people, or as RFC 6749 section 5.2 has it for programs. */
export function refusalAnswer(
  {
    status,
    says,
    headers = [],
  }: { readonly status: number; readonly says: string; readonly headers?: readonly string[] },
  forPeople: boolean,
): PageAnswer {
  if (!forPeople)
    return document(status, { error: ERRORS[status] ?? 'invalid_request', error_description: says }, headers)
  const answer = refusalPage(
    status,
    TITLES[status] ?? 'Not possible',
    `${says.charAt(0).toUpperCase()}${says.slice(1)}`,
  )
  return { ...answer, headers: [...answer.headers, ...headers] }
}

const ERRORS: { readonly [status: number]: string } = {
  403: 'access_denied',
  404: 'not_found',
  500: 'server_error',
  503: 'temporarily_unavailable',
}

const TITLES: { readonly [status: number]: string } = {
  404: 'No such page',
  408: 'Too late',
  500: 'Something went wrong',
  503: 'Not possible right now',
}
