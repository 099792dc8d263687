/** The purpose of a file whose lines are requests. */
export const BATCH_PURPOSE = 'batch'

/** True for another spelling of it that somebody could take for that, whatever stands around the word. */
export function isLikeBatchPurpose(purpose: string): boolean {
  return purpose !== BATCH_PURPOSE && /batch/i.test(purpose)
}

/** What a request with such a purpose is told. */
export const LIKE_BATCH_PURPOSE = '`purpose` could be read as `batch`: spell it as that'
