import type { Match } from '../model/match.ts'

/** Three-valued AND: `no` beats `unknown` beats `yes`. */
export function both(left: Match, right: Match): Match {
  if (left === 'no' || right === 'no') return 'no'
  return left === 'unknown' || right === 'unknown' ? 'unknown' : 'yes'
}

export function yesOrNo(holds: boolean): Match {
  return holds ? 'yes' : 'no'
}
