import { type JsonBody, type JsonValue, ownValue } from '../model/json.ts'
import { readMessages } from './chat.ts'
import { walkText } from './content.ts'
import type { Draft } from './draft.ts'
import type { Endpoint } from './endpoint.ts'
import { send } from './operation.ts'
import { walkMember } from './walk.ts'

const reading = (input: (draft: Draft, value: JsonValue) => undefined): Endpoint =>
  send('embeddings', '/v1/embeddings', {
    stored: false,
    model: 'required',
    models: ['.model'],
    answer: 'embedding',
    readers: [
      ['input', input],
      ['messages', readMessages],
    ],
  })

const ofText = reading((draft, value) => walkText(draft, value, 'input'))

/** Engines that embed images and sounds fetch them from the texts of `input` where `modality` says so (infinity). */
const ofMedia = reading((draft, value) => {
  draft.images = draft.audio = true
  walkMember(draft, 'input', value, true)
})

export const embeddings: Endpoint = {
  ...ofText,
  describe: (body, parameters, query) => (isOfText(body) ? ofText : ofMedia).describe(body, parameters, query),
}

function isOfText(body: JsonBody | null): boolean {
  const modality = body === null ? undefined : ownValue(body.value, 'modality')
  return (modality ?? 'text') === 'text'
}
