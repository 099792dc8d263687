import { isJsonObject, type JsonValue } from '../model/json.ts'
import { type Draft, noteObject } from './draft.ts'
import type { Endpoint } from './endpoint.ts'
import { content, get, list, remove, send, upload } from './operation.ts'
import { walk } from './walk.ts'

const VIDEO = '/v1/videos/{video}'
const CHANGED = {
  body: 'either',
  model: 'indirect',
  known: ['prompt', 'seconds'],
  readers: [['video', readVideo]],
} as const

/** A video that is made from another one is made by that one's model. */
export const videos: readonly Endpoint[] = [
  send('videos.create', '/v1/videos', {
    body: 'either',
    model: 'optional',
    models: ['.model', 'form model'],
    known: ['prompt', 'seconds', 'size', 'input_reference'],
  }),
  list('videos.list', '/v1/videos', 'video', { order: null }),
  get('videos.get', VIDEO),
  remove('videos.delete', VIDEO),
  content('videos.download_content', `${VIDEO}/content`, { query: { variant: null } }),
  send('videos.remix', `${VIDEO}/remix`, CHANGED),
  send('videos.edit', '/v1/videos/edits', CHANGED),
  send('videos.extend', '/v1/videos/extensions', CHANGED),
  upload('videos.create_character', '/v1/videos/characters'),
  get('videos.get_character', '/v1/videos/characters/{character}'),
]

function readVideo(draft: Draft, video: JsonValue): undefined {
  draft.images = draft.audio = true
  if (isJsonObject(video)) walk(draft, video, true, 'video')
  else noteObject(draft, 'video.id', video)
}
