/** Something that changes beside access. */
export interface Aside {
  readonly what: 'transform' | 'mode' | 'shadow_rule' | 'alias' | 'label' | 'reason' | 'test'
  readonly change: 'added' | 'removed' | 'changed' | 'renamed'
  /** Of what it is about: ids of transforms and rules, names of aliases, workspaces and tests. */
  readonly names: readonly string[]
  /** Something that was done to requests may fall away. */
  readonly isWeaker: boolean
  /** Names may be hostile: what prints it escapes them. */
  readonly sentence: string
}
