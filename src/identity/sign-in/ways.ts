import type { Attempt } from './attempts.ts'
import type { Desk } from './desk.ts'
import { providerOf } from './purpose.ts'

/** The ways that an attempt may go: where somebody has to vouch, theirs alone. */
export function waysOf(
  { providers, passwords }: Pick<Desk, 'providers' | 'passwords'>,
  { purpose }: Pick<Attempt, 'purpose'>,
): { readonly providers: Desk['providers']; readonly sources: readonly string[] | null } {
  const only = providerOf(purpose)
  const all = passwords?.sources ?? []
  const sources = only === null ? all : all.filter((source) => source === only)
  return {
    providers: only === null ? providers : providers.filter(({ name }) => name === only),
    sources: sources.length === 0 ? null : sources,
  }
}
