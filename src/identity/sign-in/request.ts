import type { RequestHead } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { PageRequest } from '../../model/sign-in.ts'
import type { Cookies } from './cookies.ts'
import { readForm, readParameters } from './parameters.ts'

/** Of these two would be read differently by different readers. */
const ONCE: ReadonlySet<string> = new Set([
  ...['accept', 'authorization', 'dpop', 'origin', 'referer', 'sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site'],
])

export interface RequestDefect {
  readonly status: 400 | 403 | 415
  readonly says: string
}

/** Everything of a page's request but its form. */
export type ReadHead = Omit<PageRequest, 'form'>

/** The path of a target: what is before the first question mark. */
export function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark === -1 ? target : target.slice(0, mark)
}

/** Reads what comes before the form. Credentials in headers are not looked at. */
export function readHead(
  head: RequestHead,
  method: PageRequest['method'],
  cookies: Cookies,
  now: number,
): Result<ReadHead, RequestDefect> {
  const path = pathOf(head.target)
  const query = readParameters(head.target.slice(path.length + 1))
  if (!query.ok) return defect(400, `the query ${query.fault}`)
  const headers = readHeaders(head.rawHeaders)
  if (!headers.ok) return defect(400, `the header \`${headers.fault}\` may stand once`)
  const own = cookies.read(head.rawHeaders)
  if (!own.ok) return defect(400, 'a cookie of these pages came twice: delete the cookies of this site')
  return ok({
    id: head.id,
    method,
    path,
    query: query.value,
    cookies: own.value,
    header: (name) => headers.value.get(name),
    client: head.clientIp ?? '',
    now,
  })
}

/** Names in lower case. What stands twice and decides nothing here is left out: nobody can say what it is. */
function readHeaders(raw: readonly string[]): Result<ReadonlyMap<string, string>, string> {
  const found = new Map<string, string>()
  const twice = new Set<string>()
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    if (found.has(name)) {
      if (ONCE.has(name)) return failed(name)
      twice.add(name)
    }
    found.set(name, raw[index + 1] ?? '')
  }
  for (const name of twice) found.delete(name)
  return ok(found)
}

const FORM_TYPE = /^application\/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?$/i

/** Whether a form of this type is read at all, before it is. */
export function formTypeDefect({ contentType, contentEncoding }: RequestHead): RequestDefect | null {
  if (contentEncoding === undefined && contentType !== undefined && FORM_TYPE.test(contentType)) return null
  return { status: 415, says: 'send a form: `application/x-www-form-urlencoded`, in UTF-8 and not compressed' }
}

/**
 * Whether a form comes from a page of another site. Browsers say where a form comes from; who says nothing is held by the
 * one-time token alone.
 */
export function originDefect({ header }: ReadHead, origin: string): RequestDefect | null {
  const from = header('origin')
  const site = header('sec-fetch-site')
  if ((from === undefined || from === origin) && (site === undefined || site === 'same-origin')) return null
  return { status: 403, says: 'this form comes from another site, and is not taken' }
}

export function withForm(head: ReadHead, bytes: Buffer): Result<PageRequest, RequestDefect> {
  const form = readForm(bytes)
  return form.ok ? ok({ ...head, form: form.value }) : defect(400, `the form ${form.fault}`)
}

function defect(status: RequestDefect['status'], says: string): Result<never, RequestDefect> {
  return failed({ status, says })
}
