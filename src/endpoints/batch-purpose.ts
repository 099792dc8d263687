/** The purpose of a file whose lines are requests. */
export const BATCH_PURPOSE = 'batch'

/** What a file may be uploaded for, word for word. Any other word could be read as one of these. */
export const PURPOSES: ReadonlySet<string> = new Set([
  BATCH_PURPOSE,
  ...['assistants', 'evals', 'fine-tune', 'user_data', 'vision'],
])

/** Why a file is not taken for that purpose; null where it is. */
export function purposeProblem(purpose: string): string | null {
  if (PURPOSES.has(purpose)) return null
  return `\`purpose\` must be one of ${[...PURPOSES].map((one) => `\`${one}\``).join(', ')}`
}
