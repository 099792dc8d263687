import type { Clock } from '../model/ports.ts'
import { type ListedModel, listModels, reasonOf } from './model-list.ts'
import type { Upstream } from './pools.ts'

const FRESH_MS = 60_000
/** How long the last list stands while the upstream cannot tell. */
const STALE_MS = 600_000

/**
 * The models of one upstream: those that its own list names and its config admits, and those that the config names in
 * full. The list is fetched on demand, at most once a minute, one fetch at a time; while the upstream cannot tell, its last
 * list stands for ten minutes, and then the configured names alone. `report` is told once an outage. What callers see is
 * still decided for each of them.
 */
export function openCatalogue(
  upstream: Upstream,
  clock: Clock,
  report: (failure: string) => void,
): () => Promise<readonly ListedModel[]> {
  let listed: readonly ListedModel[] = []
  let listedAt = 0
  let askedAt = Number.NEGATIVE_INFINITY
  let isFailing = false
  let pending: Promise<void> | null = null
  const refresh = async () => {
    try {
      listed = await listModels(upstream)
      listedAt = clock()
      isFailing = false
    } catch (cause) {
      if (!isFailing) report(`the upstream \`${upstream.settings.name}\` does not list its models: ${reasonOf(cause)}`)
      isFailing = true
      if (clock() - listedAt >= STALE_MS) listed = []
    } finally {
      askedAt = clock()
      pending = null
    }
  }
  return async () => {
    if (clock() - askedAt >= FRESH_MS) {
      pending ??= refresh()
      await pending
    }
    const byId = new Map<string, ListedModel>()
    for (const model of listed) if (upstream.serves(model.id)) byId.set(model.id, model)
    for (const id of upstream.namedModels) {
      if (!byId.has(id)) byId.set(id, { id, created: 0, ownedBy: upstream.settings.name })
    }
    return [...byId.values()]
  }
}
