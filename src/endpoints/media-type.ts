import { type Fault, fault } from '../model/fault.ts'
import type { RequestHead } from '../model/request.ts'
import type { Endpoint } from './endpoint.ts'

const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i
const MAX_VALUE = 128

/**
 * Says why a request's body cannot be what its endpoint reads, or null: exactly `application/json`, with no parameter
 * but `charset=utf-8`, uncompressed, there where one is needed and nowhere else.
 *
 * Faults: `unsupported_media_type`, `invalid_body`. Source: RFC 9110 sections 8.3.1 and 8.4.
 */
export function mediaFault(
  endpoint: Endpoint,
  head: Pick<RequestHead, 'contentType' | 'contentEncoding' | 'hasBody'>,
): Fault | null {
  const { contentType, contentEncoding } = head
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') {
    return unsupported('a compressed body is not accepted: leave `Content-Encoding` out', 'content-encoding')
  }
  if (endpoint.body === 'none') return head.hasBody ? invalid('this endpoint takes no body') : null
  if (!head.hasBody) return invalid('the request needs a JSON body')
  if (contentType === 'application/json') return null
  if (contentType !== undefined && contentType.length <= MAX_VALUE && JSON_TYPE.test(contentType)) return null
  return unsupported('`Content-Type` must be `application/json`', 'content-type')
}

function unsupported(message: string, param: string): Fault {
  return fault('unsupported_media_type', message, { param, reason: 'body_invalid' })
}

function invalid(message: string): Fault {
  return fault('invalid_body', message, { reason: 'body_invalid' })
}
