import { answerForm } from '../endpoints/answer-forms.ts'
import { openAnswerSealer } from '../endpoints/seal-answer.ts'
import { MarkRemover, unmarkedError } from '../endpoints/unmark.ts'
import { isJsonObject, ownValue } from '../model/json.ts'
import type { AnswerTap } from '../model/ports.ts'
import type { AnswerFacts } from '../model/request.ts'
import type { Sealer } from '../model/sealing.ts'
import type { AnswerShape } from '../upstream/answer-shape.ts'
import type { OwnedAnswer } from './ownership.ts'

/**
 * The answer of an upstream that keeps its callers apart: ids in a good one are sealed behind everything that reads it,
 * those that the request named stand in errors as the request wrote them, and what is not there is answered like what is
 * somebody else's.
 */
export function sealedShape(shape: AnswerShape, { ids, sealing, notFound, isMarked }: OwnedAnswer): AnswerShape {
  return {
    ...shape,
    openTap: (kind, status) => {
      const tap = shape.openTap(kind, status)
      const unmarked = isMarked ? unmarkingTap(tap) : tap
      return sealing === null ? unmarked : sealingTap(unmarked, kind, sealing)
    },
    blot: (body) => ids.sealError(unmarkedError(shape.blot(body))),
    faultFor: (status, body) => (status === 404 && !isOfModel(body) ? notFound : null),
  }
}

/** Takes out what the proxy has written into an object to know it again. */
function unmarkingTap(tap: AnswerTap): AnswerTap {
  const remover = new MarkRemover()
  return {
    resizes: true,
    push: (chunk) => {
      const bytes = tap.push(chunk)
      return bytes && remover.push(bytes)
    },
    end: () => {
      const { rest, facts } = tap.end()
      const parts = [rest && remover.push(rest), remover.end()].filter((part) => part !== null)
      return { rest: parts.length === 0 ? null : Buffer.concat(parts), facts }
    },
  }
}

function sealingTap(
  tap: AnswerTap,
  kind: 'json' | 'sse',
  { form, sealer, verdicts }: NonNullable<OwnedAnswer['sealing']>,
): AnswerTap {
  const seal = openAnswerSealer(answerForm(form), kind, sealer.suffix, verdicts)
  return {
    resizes: true,
    push: (chunk) => {
      const bytes = tap.push(chunk)
      return bytes && seal.push(bytes)
    },
    end: () => {
      const { rest, facts } = tap.end()
      const parts = [rest && seal.push(rest), seal.end()].filter((part) => part !== null)
      return { rest: parts.length === 0 ? null : Buffer.concat(parts), facts: sealedFacts(facts, sealer) }
    },
  }
}

/** Events name an object as its owner knows it. */
function sealedFacts(facts: AnswerFacts, sealer: Sealer): AnswerFacts {
  const { responseId } = facts
  return responseId === undefined ? facts : { ...facts, responseId: responseId + (sealer.suffix(responseId) ?? '') }
}

/** A model is not an object: what is said of it helps, and tells nothing of anybody. */
function isOfModel(body: Buffer): boolean {
  try {
    const said: unknown = JSON.parse(body.toString('utf8'))
    const error = isJsonObject(said) ? ownValue(said, 'error') : undefined
    return isJsonObject(error) && ownValue(error, 'code') === 'model_not_found'
  } catch {
    return false
  }
}
