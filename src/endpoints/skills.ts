import type { Endpoint } from './endpoint.ts'
import { content, get, list, remove, send, upload } from './operation.ts'

const SKILL = '/v1/skills/{skill}'
const VERSION = `${SKILL}/versions/{skill_version}`

/** Files with instructions and code that models work with. */
export const skills: readonly Endpoint[] = [
  upload('skills.create', '/v1/skills'),
  list('skills.list', '/v1/skills', 'skill', { order: null }),
  get('skills.get', SKILL),
  send('skills.update', SKILL, { known: ['default_version'] }),
  remove('skills.delete', SKILL),
  content('skills.content', `${SKILL}/content`),
  upload('skills.versions.create', `${SKILL}/versions`),
  list('skills.versions.list', `${SKILL}/versions`, 'skill_version', { order: null }),
  get('skills.versions.get', VERSION),
  remove('skills.versions.delete', VERSION),
  content('skills.versions.content', `${VERSION}/content`),
]
