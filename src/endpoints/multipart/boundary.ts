import { type Fault, fault } from '../../model/fault.ts'
import { failed, ok, type Result } from '../../model/result.ts'

const MAX_VALUE = 256
/** One parameter: a token, or a quoted string without escapes, whose two readings could differ. */
const PARAMETER = /; *([a-z]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"([^"\\]*)")/y
/**
 * What a boundary may be made of (RFC 2046 section 5.1.1), but for the space: readers strip it from lines, and then from
 * the boundary, too.
 */
const BOUNDARY = /^[0-9A-Za-z'()+_,./:=?-]{1,70}$/

/**
 * The boundary that a `Content-Type` of exactly `multipart/form-data` names, once. Beside it nothing is taken but
 * `charset=utf-8`, which says what is demanded anyway.
 *
 * Faults: `unsupported_media_type`. Source: RFC 2046 section 5.1.1, RFC 7578 section 4.1, RFC 9110 section 8.3.1.
 */
export function boundaryOf(contentType: string | undefined): Result<string, Fault> {
  if (
    contentType === undefined ||
    contentType.length > MAX_VALUE ||
    !/^multipart\/form-data(?:;|$)/i.test(contentType)
  ) {
    return unsupported('`Content-Type` must be `multipart/form-data`')
  }
  let boundary: string | undefined
  let charset: string | undefined
  PARAMETER.lastIndex = contentType.indexOf(';') === -1 ? contentType.length : contentType.indexOf(';')
  while (PARAMETER.lastIndex < contentType.length) {
    const [, name, token, quoted] = PARAMETER.exec(contentType) ?? []
    const value = token ?? quoted ?? ''
    if (name === 'boundary' && boundary === undefined) boundary = value
    else if (name === 'charset' && charset === undefined && value.toLowerCase() === 'utf-8') charset = value
    else return unsupported('`Content-Type` must have one `boundary` and no other parameter')
  }
  if (boundary === undefined) return unsupported('`Content-Type` must name its `boundary`')
  if (!BOUNDARY.test(boundary)) {
    return unsupported('the `boundary` must be 1 to 70 letters, digits and the signs of RFC 2046, without spaces')
  }
  return ok(boundary)
}

function unsupported(message: string): Result<never, Fault> {
  return failed(fault('unsupported_media_type', message, { param: 'content-type', reason: 'body_invalid' }))
}
