import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { readBlockTools, walkBlocks, walkMessages } from './blocks.ts'
import type { MemberReader } from './body.ts'
import { type Draft, noteHosted, noteObject, refuse } from './draft.ts'
import type { Endpoint } from './endpoint.ts'
import { act, get, list, remove, send } from './operation.ts'
import { walkMember } from './walk.ts'

/** Where the Messages API knows a model: `fallbacks[].model` is refused wherever it stands. */
const MODELS = ['.model', '.tools[].model']

/**
 * Members that would move a call to somewhere or somebody that nobody decided: another region, another payer, a thread
 * that the provider keeps, features that only a header may ask for.
 */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['inference_geo', 'could move the call to another region'],
  ['billing_policy', 'could bill somebody else'],
  ['fallback_credit_token', 'could bill somebody else'],
  ['thread', 'goes on with what the provider keeps'],
  ['betas', 'is a header'],
  ['anthropic_beta', 'is a header'],
  ['anthropic_version', 'is a header'],
])

/** What a body of the Messages API may hold. */
const members = {
  stored: false,
  model: 'required',
  models: MODELS,
  known: [
    ...['stop_sequences', 'thinking', 'output_config', 'output_format', 'cache_control', 'speed', 'compaction'],
    ...['diagnostics', 'context_management'],
  ],
  // An answer before, of which the provider tells what it still has.
  ids: ['previous_message_id'],
  readers: [
    ['system', (draft, value) => walkBlocks(draft, value, 'system')],
    ['messages', walkMessages],
    ['tools', readBlockTools],
    ['container', readContainer],
    ...[...REFUSED].map(([key, why]): [string, MemberReader] => [
      key,
      (draft, value) => refuseMember(draft, key, value, why),
    ]),
  ] as [string, MemberReader][],
} as const

/** The Anthropic Messages API, as far as a request is one that is answered at once. */
export const messages: readonly Endpoint[] = [
  send('messages', '/v1/messages', { ...members, streams: 'asked', answer: 'message', outputLimits: ['max_tokens'] }),
  send('messages.count_tokens', '/v1/messages/count_tokens', members),
]

const BATCH = '/v1/messages/batches/{message_batch}'
const later = { awaits: 'requests' } as const

/** Batches hold whole requests, which run later: named here so that they are refused by name. */
export const messageBatches: readonly Endpoint[] = [
  act('messages.batches.create', '/v1/messages/batches', { ...later, model: 'indirect' }),
  list('messages.batches.list', '/v1/messages/batches', 'message_batch', {}, later),
  get('messages.batches.get', BATCH, later),
  act('messages.batches.cancel', `${BATCH}/cancel`, later),
  remove('messages.batches.delete', BATCH, later),
  get('messages.batches.results', `${BATCH}/results`, later),
]

function refuseMember(draft: Draft, key: string, value: JsonValue, why: string): undefined {
  if (value !== null) refuse(draft, `\`${key}\` ${why}: leave it out`, key)
}

/** A container that the provider keeps, and the skills that are loaded into it: code that it runs. */
function readContainer(draft: Draft, container: JsonValue): undefined {
  if (!isJsonObject(container)) return noteObject(draft, 'container', container)
  for (const key in container) {
    const value = container[key] as JsonValue
    if (key === 'id') noteObject(draft, 'container', value)
    else if (key === 'skills') readSkills(draft, value)
    else walkMember(draft, key, value, true)
  }
}

function readSkills(draft: Draft, skills: JsonValue): undefined {
  if (skills === null) return
  if (!Array.isArray(skills)) return refuse(draft, '`skills` must be a list of objects', 'skills')
  if (skills.length > 0) noteHosted(draft, 'skills')
  for (const skill of skills) {
    if (!isJsonObject(skill)) return refuse(draft, '`skills` must be a list of objects', 'skills')
    // The provider's own skills are the same for everybody.
    const isOwn = ownValue(skill, 'type') === 'anthropic'
    for (const key in skill) if (!isOwn || key !== 'skill_id') walkMember(draft, key, skill[key] as JsonValue, true)
  }
}
