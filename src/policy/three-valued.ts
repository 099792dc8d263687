import type { Match } from '../model/match.ts'

/** Three-valued AND: `no` beats `unknown` beats `yes`. */
export function both(left: Match, right: Match): Match {
  if (left === 'no' || right === 'no') return 'no'
  return left === 'unknown' || right === 'unknown' ? 'unknown' : 'yes'
}

/** Three-valued OR: `yes` beats `unknown` beats `no`. */
export function either(left: Match, right: Match): Match {
  if (left === 'yes' || right === 'yes') return 'yes'
  return left === 'unknown' || right === 'unknown' ? 'unknown' : 'no'
}

export function yesOrNo(holds: boolean): Match {
  return holds ? 'yes' : 'no'
}
