import type { PolicyInput } from '../model/decision.ts'
import type { UpstreamKind } from '../model/settings.ts'
import type { ListedModel } from '../upstream/model-list.ts'
import { candidates, judge } from './judge.ts'
import type { Snapshot } from './snapshot.ts'

/** What a model can be used for: listed are the models that the caller may use for one of these. */
const USES = {
  openai: [
    ...['chat', 'responses', 'completions', 'embeddings', 'moderations', 'images.generate', 'audio.speech'],
    ...['decisions.create', 'images.edit', 'images.variation', 'audio.transcribe', 'audio.translate'],
    ...['realtime', 'realtime.translations.connect'],
  ],
  anthropic: ['messages'],
} as const satisfies { readonly [Kind in UpstreamKind]: readonly string[] }

/** The last second that a `Date` can hold; upstreams may say anything. */
const LAST_SECOND = 8.64e12

const NOTHING: PolicyInput['input'] = { bytes: 0, images: false, files: false, audio: false }
/** What a request cannot be without. */
const BRINGS: { readonly [Operation in (typeof USES)[UpstreamKind][number]]?: PolicyInput['input'] } = {
  'images.edit': { ...NOTHING, images: true },
  'images.variation': { ...NOTHING, images: true },
  'audio.transcribe': { ...NOTHING, audio: true },
  'audio.translate': { ...NOTHING, audio: true },
}

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
 * True when the policy would allow some request for the model: the smallest one of each operation, as a stream or not, with
 * and without each kind of input that a rule asks about. Denies of small requests count. A model that only stronger authentication would open is not among what the caller may use now.
 */
export function mayUse(snapshot: Snapshot, input: PolicyInput, model: string): boolean {
  return mayUseAt(snapshot, input, model, 'openai') || mayUseAt(snapshot, input, model, 'anthropic')
}

function mayUseAt(snapshot: Snapshot, input: PolicyInput, model: string, kind: UpstreamKind): boolean {
  const serving = candidates(snapshot.upstreams, [model], kind)
  if (serving.length === 0) return false
  return USES[kind].some((operation) => {
    const brings = BRINGS[operation] ?? NOTHING
    return snapshot.policy.bodyShapes.some(({ stream, images, files, audio }) => {
      const asked: PolicyInput = {
        ...input,
        operation,
        model,
        stream,
        maxOutputTokens: 1,
        tools: { functions: [], hosted: [] },
        input: {
          bytes: 0,
          images: images || brings.images,
          files: files || brings.files,
          audio: audio || brings.audio,
        },
        urls: [],
      }
      return judge(snapshot.policy, asked, [], serving).decision.effect === 'allow'
    })
  })
}

/** One model in the form of Anthropic's `ModelInfo`, as far as a list of names tells it. */
export function modelInfo({ id, created }: ListedModel): object {
  const at = Math.abs(created) <= LAST_SECOND ? created : 0
  return { type: 'model', id, display_name: id, created_at: new Date(at * 1000).toISOString() }
}

/** One model in the form of OpenAI's `Model`. */
export function modelDocument({ id, created, ownedBy }: ListedModel): object {
  return { id, object: 'model', created, owned_by: ownedBy }
}
