import { isOfName } from '../endpoints/realtime/told-session.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { BodyAllowance, Clock } from '../model/ports.ts'
import type { Secret } from '../model/secret.ts'
import { type MintedAnswer, readMinted, withoutSecrets, writtenMinted } from '../shape/minted-answer.ts'
import type { Delivery } from '../upstream/delivery.ts'
import { forward } from '../upstream/forward.ts'
import { headersWithout } from '../upstream/key-guards.ts'
import type { Minting } from './minting.ts'
import type { Asked } from './own-list.ts'
import { PageSink, UNREAD, withoutLength } from './page-sink.ts'

/** Far above what the settings of a session take. */
const MAX_BYTES = 1024 * 1024

/**
 * Sends a request for a secret, and answers with one of the proxy's own in the place of the provider's. The answer is read
 * whole before a byte of it goes to the client. An error of the upstream passes.
 *
 * Faults: `upstream_unavailable` for an answer that no secret can be made of.
 */
export async function deliverMinted(
  { upstream, request, exchange, shape, memory }: Asked,
  minting: Minting,
  clock: Clock,
): Promise<Delivery> {
  const sink = new PageSink(exchange, upstream.settings.timeouts.totalMs, counting(memory))
  const delivery = await forward(upstream, request, sink, { ...shape, openTap: () => UNREAD })
  const reason = sink.full ?? delivery.fault
  if (reason) return { ...delivery, outcome: 'failed', fault: reason }
  if (delivery.outcome !== 'answered') return delivery
  const isError = sink.status >= 400
  const told = isError ? { body: withoutSecrets(sink.body), secret: null } : sealedAnswer(sink.body, minting, clock())
  if (told === null) return { ...delivery, outcome: 'failed', fault: noSecret }
  if (exchange.stopped) return { ...delivery, outcome: 'failed', fault: exchange.stopped }
  if (exchange.gone) return { ...delivery, outcome: 'client_gone' }
  const headers = headersWithout([told.secret], headersOf(sink, isError))
  exchange.start(sink.status, [...headers, 'content-length', String(told.body.length)], false)
  exchange.end(told.body)
  return { ...delivery, stream: false, midEvent: false }
}

const tooLarge: Fault = fault('upstream_unavailable', 'the upstream sent too large an answer', { reason: 'bad_stream' })
const noSecret: Fault = fault(
  'upstream_unavailable',
  'the upstream answered with no secret that could be handed on for a session of what was asked',
  { reason: 'bad_stream' },
)

function counting(memory: BodyAllowance): (bytes: number) => Fault | null {
  let taken = 0
  return (bytes) => {
    if (bytes > MAX_BYTES) return tooLarge
    const more = bytes - taken
    taken = bytes
    return memory.take(more)
  }
}

/** Null where no secret can be made of it. `now`: epoch milliseconds. */
function sealedAnswer(
  body: Buffer,
  minting: Minting,
  now: number,
): { readonly body: Buffer; readonly secret: Secret } | null {
  const { mint, until } = minting
  const answer = readMinted(body, mint.holder, mint.session)
  if (answer === null || !isAsAsked(answer, minting)) return null
  const { secret: providerSecret, told } = answer
  const expiresAt = Math.min(answer.expiresAt * 1000, until ?? Number.POSITIVE_INFINITY)
  if (expiresAt <= now) return null
  const sealed = minting.seal({ providerSecret, told, expiresAt })
  if (sealed === null) return null
  return { body: writtenMinted(answer, mint.holder, sealed, Math.floor(expiresAt / 1000)), secret: providerSecret }
}

/** A provider may know the model by a longer name; one that is another model was not what was decided. */
function isAsAsked({ told }: MintedAnswer, { model, mayBe }: Minting): boolean {
  return told === null || (model !== null && isOfName(told, model)) || mayBe(told)
}

function headersOf({ headers }: PageSink, isError: boolean): string[] {
  const passed = withoutLength(headers)
  if (isError) return passed
  return ['content-type', 'application/json', ...passed.filter((_, at) => passed[at - (at % 2)] !== 'content-type')]
}
