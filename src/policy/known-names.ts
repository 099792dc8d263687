/** What policies may refer to: the names that the config gives. */
export interface KnownNames {
  readonly issuers: readonly string[]
  readonly upstreams: readonly {
    readonly name: string
    readonly region: string | undefined
    readonly labels: { readonly [name: string]: string }
  }[]
}
