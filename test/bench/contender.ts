/** Something that stands between the load generator and the upstream, or nothing at all. */
export interface Contender {
  readonly name: string
  /** What it does with a request beside carrying it. */
  readonly checks: string
  /** `all` workloads, only the CPU of small and large `requests`, or only `own`: Sallyport against itself. */
  readonly takes: 'all' | 'requests' | 'own'
  /** Root of the process tree that is measured; null where there is no process. */
  readonly pid: number | null
  /** Where it listens for requests with a JSON answer, and for those with a stream. */
  readonly ports: Upstreams
  readonly stop: () => Promise<void>
}

/** Ports of the instant JSON server and of the model server that streams. */
export interface Upstreams {
  readonly json: number
  readonly stream: number
}
