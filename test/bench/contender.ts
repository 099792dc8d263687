/** Something that stands between the load generator and the upstream, or nothing at all. */
export interface Contender {
  readonly name: string
  /** What it does with a request beside carrying it. */
  readonly checks: string
  /** Root of the process tree that is measured; null where there is no process. */
  readonly pid: number | null
  /** Where it listens for requests with a JSON answer, and for those with a stream. */
  readonly ports: { readonly json: number; readonly stream: number }
  readonly stop: () => Promise<void>
}

export interface Upstreams {
  readonly json: number
  readonly stream: number
}
