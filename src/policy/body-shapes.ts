import type { BodyShape } from '../model/decision.ts'
import type { RuleDocument } from './schema.ts'

const BOTH = [false, true] as const
const NONE = [false] as const

/**
 * The bodies that the rules tell apart by a stream and by the kinds of input, the plainest first: what no rule asks about
 * is left out of all of them. At most 16.
 */
export function bodyShapes(rules: readonly RuleDocument[]): readonly BodyShape[] {
  const asked = (kind: 'images' | 'files' | 'audio') =>
    rules.some(({ when }) => when?.input?.[kind] !== undefined) ? BOTH : NONE
  const streams = rules.some(({ when }) => when?.stream !== undefined) ? BOTH : NONE
  const inputs = asked('images').flatMap((images) =>
    asked('files').flatMap((files) => asked('audio').map((audio) => ({ images, files, audio }))),
  )
  return inputs.flatMap((input) => streams.map((stream) => ({ stream, ...input })))
}
