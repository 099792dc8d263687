import type { Problem } from '../model/problem.ts'

type Path = Problem['path']

/** True for a problem of a value, or of what is in it, that has been reported already. That of a key is another one. */
export function isReported(reported: readonly Path[], { path, at }: Pick<Problem, 'path' | 'at'>): boolean {
  const least = at === 'key' ? 1 : 0
  return reported.some(
    (known) => known.length + least <= path.length && known.every((step, index) => path[index] === step),
  )
}
