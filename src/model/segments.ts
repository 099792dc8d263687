/** A piece of a body that is sent: bytes, or those from `from` to `to` of what is kept elsewhere. */
export type Segment = Buffer | { readonly from: number; readonly to: number }
