/** The names that stand on a cycle of references, or between two: what remains when every loose end is taken off. */
export function cyclicNames(references: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reversed = new Map<string, string[]>([...references.keys()].map((name) => [name, []]))
  for (const [name, targets] of references) {
    for (const target of targets) reversed.get(target)?.push(name)
  }
  const left = new Set(references.keys())
  takeLooseEnds(left, references, reversed)
  takeLooseEnds(left, reversed, references)
  return left
}

function takeLooseEnds(
  left: Set<string>,
  outward: ReadonlyMap<string, readonly string[]>,
  inward: ReadonlyMap<string, readonly string[]>,
): void {
  const open = new Map<string, number>()
  for (const name of left) open.set(name, (outward.get(name) ?? []).filter((target) => left.has(target)).length)
  const loose = [...left].filter((name) => open.get(name) === 0)
  for (let name = loose.pop(); name !== undefined; name = loose.pop()) {
    left.delete(name)
    for (const user of inward.get(name) ?? []) {
      const count = (open.get(user) ?? 0) - 1
      open.set(user, count)
      if (count === 0 && left.has(user)) loose.push(user)
    }
  }
}
