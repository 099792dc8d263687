import { type Fault, fault } from '../model/fault.ts'
import type { BodyAllowance, ClientExchange } from '../model/ports.ts'
import type { UpstreamRequest } from '../model/request.ts'
import { type OwnList, OwnPages } from '../shape/own-pages.ts'
import type { AnswerShape } from '../upstream/answer-shape.ts'
import type { Delivery } from '../upstream/delivery.ts'
import { forward } from '../upstream/forward.ts'
import type { OwnedAnswer } from './ownership.ts'
import { PageSink, UNREAD, withoutLength } from './page-sink.ts'
import { sealedShape } from './sealed-answer.ts'
import type { ServingUpstream } from './snapshot.ts'

/** What is looked through for one answer. */
const MAX_PAGES = 200
const MAX_MS = 30_000
const MAX_PAGE_BYTES = 8 * 1024 * 1024
/** One's own objects that one answer has, unless a single one is larger. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024

/** An allowed request, and where its answer goes. */
export interface Asked {
  readonly upstream: ServingUpstream
  readonly request: UpstreamRequest
  readonly exchange: ClientExchange
  readonly shape: AnswerShape
  readonly memory: BodyAllowance
}

/** Sends a request to an upstream that keeps its callers apart. */
export function deliverOwned(asked: Asked, owned: OwnedAnswer): Promise<Delivery> {
  const shape = sealedShape(asked.shape, owned)
  if (owned.list === null) return forward(asked.upstream, asked.request, asked.exchange, shape)
  return listOwn({ ...asked, shape }, owned.list)
}

const tooLarge: Fault = fault('upstream_unavailable', 'the upstream sent too large a list')
const noList: Fault = fault('upstream_unavailable', 'the upstream sent no list')
const tooFar: Fault = fault(
  'upstream_timeout',
  'none of your objects is among those of the account that could be looked through for one answer',
)

/**
 * Answers with one's own objects of an account's list, page by page of the upstream's: in as many pages, bytes and as much
 * time as one request may take. Where that is not enough the answer is what was found, with `has_more`, and goes on from its
 * last object; where nothing was found it is a fault, since clients take an empty page for the end. An error of the
 * upstream passes.
 */
async function listOwn(asked: Asked, list: OwnList): Promise<Delivery> {
  const { upstream, request, exchange } = asked
  const [path = '', query = ''] = request.path.split('?')
  const pages = new OwnPages(list, query)
  const until = performance.now() + Math.min(MAX_MS, upstream.settings.timeouts.totalMs)
  const counted = counting(asked.memory, pages)
  let firstByteAt = 0
  for (let count = 0; count < MAX_PAGES; count++) {
    const leftMs = Math.max(1, until - performance.now())
    const sink = new PageSink(exchange, leftMs, counted)
    const page = { ...request, path: `${path}?${pages.query}` }
    const delivery = await forward(upstream, page, sink, { ...asked.shape, openTap: () => UNREAD })
    firstByteAt ||= delivery.firstByteAt
    const reason = sink.full ?? delivery.fault
    if (reason === tooLarge && pages.shrink()) continue
    if (reason?.code === 'upstream_timeout' && pages.count > 0) return answer(asked, pages, null, firstByteAt)
    if (reason) return { ...delivery, outcome: 'failed', fault: reason }
    if (delivery.outcome !== 'answered') return delivery
    if (sink.status !== 200) return passOn(exchange, sink, delivery)
    if (!pages.take(sink.body.toString())) return { ...delivery, outcome: 'failed', fault: noList }
    if (pages.isDone || pages.keptBytes > MAX_KEPT_BYTES) return answer(asked, pages, sink, firstByteAt)
    if (performance.now() >= until) break
  }
  const none = { ...NOT_ANSWERED, firstByteAt, fault: tooFar }
  return pages.count > 0 ? answer(asked, pages, null, firstByteAt) : none
}

const NOT_ANSWERED = { outcome: 'failed', status: 200, stream: false, midEvent: false, facts: {} } as const

/** Counts the most that is in memory at once: a page, and what was kept of those before it. */
function counting(memory: BodyAllowance, pages: OwnPages): (bytes: number) => Fault | null {
  let most = 0
  return (bytes) => {
    if (bytes > MAX_PAGE_BYTES) return tooLarge
    const more = bytes + pages.keptBytes - most
    if (more <= 0) return null
    most += more
    return memory.take(more)
  }
}

function passOn(exchange: ClientExchange, { status, headers, body }: PageSink, delivery: Delivery): Delivery {
  exchange.start(status, headers, false)
  exchange.end(body)
  return delivery
}

/** `sink`: the last page, whose head tells of the caller's limits. */
function answer({ exchange, shape }: Asked, pages: OwnPages, sink: PageSink | null, firstByteAt: number): Delivery {
  if (exchange.stopped) return { ...NOT_ANSWERED, firstByteAt, fault: exchange.stopped }
  if (exchange.gone) return { ...NOT_ANSWERED, outcome: 'client_gone', firstByteAt }
  const tap = shape.openTap('json', 200)
  const parts = [tap.push(pages.document()), tap.end().rest].filter((part) => part !== null)
  const body = Buffer.concat(parts)
  const headers = sink ? withoutLength(sink.headers) : JSON_HEAD
  exchange.start(200, [...headers, 'content-length', String(body.length)], false)
  exchange.end(body)
  return { outcome: 'answered', status: 200, stream: false, midEvent: false, facts: {}, firstByteAt }
}

const JSON_HEAD = ['content-type', 'application/json']
