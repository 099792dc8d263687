import type { PolicyInput } from '../model/decision.ts'
import type { ListedModel } from '../upstream/catalogue.ts'
import { candidates, judge } from './judge.ts'
import type { Snapshot } from './snapshot.ts'

/** What a model can be used for: listed are the models that the caller may use for one of these. */
const USES = [
  ...['chat', 'responses', 'completions', 'embeddings', 'moderations', 'images.generate', 'audio.speech'],
  ...['decisions.create', 'realtime', 'realtime.translations.connect'],
] as const

/** The models that this caller may use, each once, in the order of the upstreams. */
export async function usableModels(snapshot: Snapshot, input: PolicyInput): Promise<readonly ListedModel[]> {
  const lists = await Promise.all(snapshot.upstreams.map((upstream) => upstream.models()))
  const usable = new Map<string, ListedModel>()
  const seen = new Set<string>()
  for (const model of lists.flat()) {
    if (seen.has(model.id)) continue
    seen.add(model.id)
    if (mayUse(snapshot, input, model.id)) usable.set(model.id, model)
  }
  return [...usable.values()]
}

/**
 * True when the policy would allow some plain request for the model: the smallest one of each operation, streamed or
 * not. A model that only stronger authentication would open is not among what the caller may use now.
 */
export function mayUse(snapshot: Snapshot, input: PolicyInput, model: string): boolean {
  const serving = candidates(snapshot.upstreams, [model])
  if (serving.length === 0) return false
  return USES.some((operation) =>
    [false, true].some((stream) => {
      const asked: PolicyInput = {
        ...input,
        operation,
        model,
        stream,
        maxOutputTokens: 1,
        tools: { functions: [], hosted: [] },
        input: { bytes: 0, images: false, files: false, audio: false },
        urls: [],
      }
      return judge(snapshot.policy, asked, [], serving).decision.effect === 'allow'
    }),
  )
}

/** One model in the form of OpenAI's `Model`. */
export function modelDocument({ id, created, ownedBy }: ListedModel): object {
  return { id, object: 'model', created, owned_by: ownedBy }
}
