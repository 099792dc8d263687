import { randomBytes } from 'node:crypto'
import type { Fault, FaultCode } from '../../model/fault.ts'
import type { ClientExchange } from '../../model/ports.ts'
import type { RequestHead } from '../../model/request.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { PageAnswer, PageRequest } from '../../model/sign-in.ts'
import { Attempts } from './attempts.ts'
import { Cookies } from './cookies.ts'
import { type Desk, UNWRITTEN } from './desk.ts'
import { entryRoutes } from './entry.ts'
import { pageFrame } from './frame.ts'
import { keySetRoute } from './key-set.ts'
import { refusalAnswer, wholeHead } from './page.ts'
import type { OwnRoute, SignInParts, SignInPorts } from './parts.ts'
import { passwordRoutes } from './passwords.ts'
import { providerRoutes } from './providers.ts'
import { formTypeDefect, originDefect, pathOf, readHead, withForm } from './request.ts'
import { Room } from './room.ts'

const ROOT = '/auth'
const MAX_FORM = 16 * 1024

/** The client's side, with what a page needs of it. */
export interface PageExchange extends Pick<ClientExchange, 'readBody' | 'refuse' | 'started' | 'cut'> {
  /** Answers with a whole document; without effect once an answer began. */
  document(status: number, headers: readonly string[], body: string): void
}

export interface Pages {
  /** One request from its head to its answer. Never throws, never rejects. */
  handle(head: RequestHead, fault: Fault | null, exchange: PageExchange): Promise<void>
}

/** Whether a target is one of the pages, or below them: `/auth` or what begins with `/auth/`. Looks no further. */
export function isPage(target: string): boolean {
  if (!target.startsWith(ROOT)) return false
  const next = target.charCodeAt(ROOT.length)
  return Number.isNaN(next) || next === 47 || next === 63
}

/**
 * The pages on which people sign in, below the issuer's URL. Nothing of a sign-in is kept here: it lives sealed in the
 * browser. Every URL derives from the issuer's, and none from a request.
 */
export function openSignIn(parts: SignInParts, ports: SignInPorts): Pages {
  const { more, ...rest } = parts
  const { protocol, origin } = new URL(parts.issuer.url)
  const isSecure = protocol === 'https:'
  const cookies = new Cookies(isSecure)
  const random = ports.random ?? (() => randomBytes(18).toString('base64url'))
  const attempts = new Attempts({ sealer: parts.sealer, ended: ports.ended, random }, cookies)
  const desk: Desk = { ...rest, ports, attempts }
  const frame = pageFrame(desk, cookies, random)
  const table = tableOf([
    ...entryRoutes(desk),
    ...providerRoutes(desk),
    ...passwordRoutes(desk),
    keySetRoute(parts.issuer),
    ...parts.providers.flatMap(({ routes }) => routes),
    ...more.flatMap((routes) => routes(frame)),
  ])
  const room = new Room()
  return {
    handle: async (head, fault, exchange) => {
      if (fault !== null) return exchange.refuse(fault)
      const startedAt = performance.now()
      try {
        const answer = await answered(head, exchange, { table, cookies, origin, ports, room })
        const whole = 'says' in answer ? refusalAnswer(answer, wantsPage(head)) : answer
        if (!exchange.started) exchange.document(whole.status, wholeHead(whole, isSecure), whole.body)
        ports.answered(whole.status, (performance.now() - startedAt) / 1000)
      } catch (cause) {
        // A header that cannot be written: nothing of the answer has gone out, and nothing else can.
        ports.bug(cause, head.id)
        exchange.cut()
      }
    },
  }
}

type Table = ReadonlyMap<string, ReadonlyMap<string, OwnRoute>>

function tableOf(routes: readonly OwnRoute[]): Table {
  const table = new Map<string, Map<string, OwnRoute>>()
  for (const route of routes) {
    const methods = table.get(route.path) ?? new Map<string, OwnRoute>()
    if (methods.has(route.method)) throw new Error(`two pages at ${route.method} ${route.path}`)
    table.set(route.path, methods.set(route.method, route))
  }
  return table
}

/** Why a request gets no page. */
export interface Refusal {
  readonly status: number
  readonly says: string
  readonly headers?: readonly string[]
}

const BUSY: Refusal = {
  status: 503,
  says: 'Too many people sign in right now. Try again in a moment.',
  headers: ['retry-after', '1'],
}

interface Frame {
  readonly table: Table
  readonly cookies: Cookies
  /** Of the issuer's URL. */
  readonly origin: string
  readonly ports: SignInPorts
  readonly room: Room
}

async function answered(head: RequestHead, exchange: PageExchange, frame: Frame): Promise<PageAnswer | Refusal> {
  const { ports, room } = frame
  try {
    const route = found(head, frame.table)
    if (!route.ok) return route.fault
    if (!ports.audit.writable && !route.value.isPublic) {
      return { status: 503, says: UNWRITTEN, headers: ['retry-after', '1'] }
    }
    const request = await read(head, route.value, exchange, frame)
    if (!request.ok) return request.fault
    const handled = () => route.value.handle({ ...request.value, asked: ports.describe(head) })
    return route.value.isPublic ? await handled() : ((await room.running(handled)) ?? BUSY)
  } catch (cause) {
    ports.bug(cause, head.id)
    return { status: 500, says: 'Something went wrong here. It was noted.' }
  }
}

/** Paths byte for byte: every spelling but the one in the table is another path. */
function found({ method, target }: RequestHead, table: Table): Result<OwnRoute, Refusal> {
  const methods = table.get(pathOf(target))
  if (methods === undefined) return failed({ status: 404, says: 'There is no such page.' })
  const route = methods.get(method)
  if (route !== undefined) return ok(route)
  const allow = [...methods.keys()].join(', ')
  return failed({ status: 405, says: `This page is for ${allow}.`, headers: ['allow', allow] })
}

async function read(
  head: RequestHead,
  route: OwnRoute,
  exchange: PageExchange,
  { cookies, origin, ports, room }: Frame,
): Promise<Result<PageRequest, Refusal>> {
  const before = readHead(head, route.method, cookies, ports.clock())
  if (!before.ok) return before
  if (route.method === 'GET') {
    return head.hasBody
      ? failed({ status: 400, says: 'a body has no meaning here' })
      : ok({ ...before.value, form: NO_FORM })
  }
  const wrong = (route.isCrossSite ? null : originDefect(before.value, origin)) ?? formTypeDefect(head)
  if (wrong !== null) return failed(wrong)
  const form = () => exchange.readBody(head.contentLength, route.maxForm ?? MAX_FORM, ports.bodyMs())
  const bytes = await room.reading(() => exchange.cut(), form)
  if (!bytes.ok) return failed({ status: STATUSES[bytes.fault.code] ?? 400, says: bytes.fault.message })
  return withForm(before.value, bytes.value)
}

const NO_FORM: ReadonlyMap<string, string> = new Map()

const STATUSES: { readonly [Code in FaultCode]?: number } = {
  body_too_large: 413,
  request_timeout: 408,
  shutting_down: 503,
}

/** Browsers say that they want a page; programs do not. */
function wantsPage({ rawHeaders }: RequestHead): boolean {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'accept')
  return at !== -1 && (rawHeaders[at + 1] ?? '').includes('text/html')
}
