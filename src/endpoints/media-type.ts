import { type Fault, fault } from '../model/fault.ts'
import type { RequestHead } from '../model/request.ts'
import type { Endpoint } from './endpoint.ts'
import { boundaryOf } from './multipart/boundary.ts'

const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i
const MAX_VALUE = 128

/**
 * Says why a request's body cannot be what its endpoint reads, or null: exactly `application/json`, with no parameter
 * but `charset=utf-8`, or a form as `boundaryOf` takes it, uncompressed, there where one is needed and nowhere else; but
 * where a POST has nothing to say, clients send an empty object, too.
 *
 * Does not check: that there is nothing in the object.
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
  if (endpoint.body === 'none') return head.hasBody && !(endpoint.method === 'POST' && isJson(head)) ? noBody : null
  if (!head.hasBody) return invalid(`the request needs a ${endpoint.body === 'multipart' ? 'form' : 'JSON body'}`)
  if (takesForm(endpoint, head)) {
    const boundary = boundaryOf(contentType)
    return boundary.ok ? null : boundary.fault
  }
  return isJson(head) ? null : unsupported('`Content-Type` must be `application/json`', 'content-type')
}

function isJson({ contentType }: Pick<RequestHead, 'contentType'>): boolean {
  if (contentType === 'application/json') return true
  return contentType !== undefined && contentType.length <= MAX_VALUE && JSON_TYPE.test(contentType)
}

/** True where the body is to be read as a form: where the endpoint takes nothing else, or the request says so. */
export function takesForm({ body }: Pick<Endpoint, 'body'>, { contentType = '' }: Pick<RequestHead, 'contentType'>) {
  return body === 'multipart' || (body === 'either' && /^multipart\//i.test(contentType))
}

export const noBody: Fault = invalid('this endpoint takes no body')

function unsupported(message: string, param: string): Fault {
  return fault('unsupported_media_type', message, { param, reason: 'body_invalid' })
}

function invalid(message: string): Fault {
  return fault('invalid_body', message, { reason: 'body_invalid' })
}
