import { parseJsonBody } from '../endpoints/json.ts'
import { noBody } from '../endpoints/media-type.ts'
import type { Fault } from '../model/fault.ts'
import type { BodyAllowance, ClientExchange } from '../model/ports.ts'
import type { RequestHead } from '../model/request.ts'

/** Whatever space is in it. */
const MAX_BYTES = 64

/**
 * Reads the body of a request that has nothing to say: some clients send an empty object there. It goes nowhere.
 *
 * Faults: `invalid_body` for everything else, and those of reading.
 */
export async function readNothing(
  { contentLength }: Pick<RequestHead, 'contentLength'>,
  exchange: Pick<ClientExchange, 'readBody'>,
  timeoutMs: number,
  memory: BodyAllowance,
): Promise<Fault | null> {
  const bytes = await exchange.readBody(contentLength, MAX_BYTES, timeoutMs, memory)
  if (!bytes.ok) return bytes.fault.code === 'body_too_large' ? noBody : bytes.fault
  const body = parseJsonBody(bytes.value)
  return body.ok && Object.keys(body.value.value).length === 0 ? null : noBody
}
