/** Puts an item at the end of a key's list; one that is the last there already is not put twice. */
export function append<Key, Item>(buckets: Map<Key, Item[]>, key: Key, item: Item): void {
  const bucket = buckets.get(key)
  if (!bucket) buckets.set(key, [item])
  else if (bucket.at(-1) !== item) bucket.push(item)
}
