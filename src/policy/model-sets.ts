/** The names and patterns of a list, with those of the sets in it and of the sets in these. */
export function expandModels(list: readonly string[], sets: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set(list)
  const names = new Set<string>()
  // A set's iteration reaches what is added on the way; that there is no cycle has been checked, and none would matter.
  for (const entry of seen) {
    if (!entry.startsWith('@')) names.add(entry)
    else for (const inner of sets.get(entry.slice(1)) ?? []) seen.add(inner)
  }
  return names
}
