/** The outcome of work that is expected to fail at times; a throw is kept for bugs. */
export type Result<Value, Failure> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly fault: Failure }

export function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value }
}

export function failed<Failure>(fault: Failure): { readonly ok: false; readonly fault: Failure } {
  return { ok: false, fault }
}
