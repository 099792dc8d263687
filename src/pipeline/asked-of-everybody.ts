import { namesAnswer } from '../endpoints/answer-name.ts'
import { asksForOthers } from '../endpoints/isolation.ts'
import type { Fault } from '../model/fault.ts'
import { strayObject } from '../shape/open-form.ts'
import type { AskedObjects } from './asked-objects.ts'
import { rowOf } from './isolation-row.ts'
import { answerNamed, objectRefused, storedRefused } from './refusals.ts'

/** The member by which a request names the answer; null for none. */
export function nameOf({ body, fields }: Pick<AskedObjects, 'body' | 'fields'>): string | null {
  return namesAnswer(body === null ? null : body.value, fields ?? [])
}

/**
 * Why a request is about the objects of everybody, so that no upstream that keeps callers apart may have it; null where it
 * is not.
 */
export function ofEverybody(asked: AskedObjects): Fault | null {
  const { body, fields, noted } = asked
  const { endpoint } = asked.found
  const row = rowOf(endpoint)
  if (row.kind === 'refused') return storedRefused(endpoint.operation, row.why)
  const name = nameOf(asked)
  if (name !== null) return answerNamed(name)
  const member = body === null ? null : asksForOthers(endpoint.operation, body.value)
  if (member !== null) return objectRefused(member, 'body')
  const stray = fields === null ? null : strayObject(fields, noted)
  return stray === null ? null : objectRefused(stray.key, 'form')
}
