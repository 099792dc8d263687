import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { type Draft, noteHosted } from './draft.ts'

/** Graders that compare texts, or ask a model that they name. Every other one is a program that the provider runs. */
const PLAIN: ReadonlySet<string> = new Set(['string_check', 'text_similarity', 'score_model', 'label_model', 'multi'])

/** Notes the graders that are programs as hosted tools of their type: one grader, a list of them, or some by name. */
export function noteGraders(draft: Draft, value: JsonValue): undefined {
  if (Array.isArray(value)) {
    for (const one of value) noteGraders(draft, one)
    return
  }
  if (!isJsonObject(value)) return
  const type = ownValue(value, 'type')
  if (typeof type === 'string') {
    if (!PLAIN.has(type)) noteHosted(draft, type)
    // Its source is run, whatever it says that it is.
    else if (typeof ownValue(value, 'source') === 'string') noteHosted(draft, 'python')
    return
  }
  for (const name in value) noteGraders(draft, value[name] as JsonValue)
}

/** Words for the ranking that a store has by itself; another one names a model. */
export function isPlainRanker(ranker: string): boolean {
  return ranker === 'auto' || ranker === 'none' || /^default[-_]/.test(ranker)
}
