/** What a request is told that uploads the lines of a batch. */
export const BATCH_PURPOSE =
  '`purpose` must not be `batch`: batches through this proxy are part of the API but not built yet'

/** True for a purpose that somebody could take for that of a batch, whatever stands around the word. */
export function isBatchPurpose(purpose: string): boolean {
  return /batch/i.test(purpose)
}
