const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** True for a `traceparent` of version 00 with a trace and a parent. Source: W3C Trace Context section 3.2.2. */
export function isTraceparent(value: string): boolean {
  return value.length === 55 && TRACEPARENT.test(value)
}
