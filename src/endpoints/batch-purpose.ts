/** What a request is told that uploads the lines of a batch. */
const BATCH_PURPOSE = '`purpose` must not be `batch`: batches through this proxy are part of the API but not built yet'

/** What a file may be uploaded for, word for word. Any other word could be read as one of these, or as `batch`. */
const PURPOSES: ReadonlySet<string> = new Set(['assistants', 'evals', 'fine-tune', 'user_data', 'vision'])

/** Why a file is not taken for that purpose; null where it is. */
export function purposeProblem(purpose: string): string | null {
  if (PURPOSES.has(purpose)) return null
  if (purpose === 'batch') return BATCH_PURPOSE
  return `\`purpose\` must be one of ${[...PURPOSES].map((one) => `\`${one}\``).join(', ')}`
}
