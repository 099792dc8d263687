import { randomBytes } from 'node:crypto'

/** Ids that no two processes share and nobody can guess. */
export function requestIds(): () => string {
  const process = randomBytes(10).toString('hex')
  let count = 0
  return () => `req_${process}${(count++).toString(36).padStart(6, '0')}`
}
