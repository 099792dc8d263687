/**
 * What the lines of a batch may ask for, by their `url`, and the verdict: the letter by which a sealed id says that a
 * file, or a batch made of one, was judged for it. The letters are part of ids that clients keep: none may ever change or
 * be used again.
 *
 * Not here although the Batch API takes it: `/v1/images/edits`, which is a form here.
 * Source: `endpoint` of `batches.create` in OpenAI's API description.
 */
const VERDICTS: ReadonlyMap<string, string> = new Map([
  ['/v1/chat/completions', 'c'],
  ['/v1/completions', 'p'],
  ['/v1/embeddings', 'e'],
  ['/v1/images/generations', 'i'],
  ['/v1/moderations', 'm'],
  ['/v1/responses', 'r'],
  ['/v1/videos', 'v'],
])

/** Of an upload in parts with the purpose `batch`: its parts are judged like files. */
export const UPLOAD_VERDICT = 'u'

export const BATCH_URLS: readonly string[] = [...VERDICTS.keys()]

/** What a file, or a batch, may have been judged for. */
export const BATCH_VERDICTS: readonly string[] = [...VERDICTS.values()]

/** Undefined for what no line of a batch may ask for. */
export function batchVerdict(url: string): string | undefined {
  return VERDICTS.get(url)
}
