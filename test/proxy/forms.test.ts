import t from 'tap'
import { readBusboy, readFetch } from '../support/form-readers.ts'
import { requestBytes } from '../support/raw-client.ts'
import { ALICE, allows, endInOrder, type Refusal, refuses, startWorld, type World } from '../support/world.ts'

const TRANSCRIBE = 'POST /v1/audio/transcriptions HTTP/1.1'
const ALLOWED = 'gpt-4o-transcribe'
const OTHER = 'gpt-4o'
const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [
    {
      id: 'hear',
      effect: 'allow',
      roles: ['analyst'],
      models: [ALLOWED],
      operations: ['audio.transcribe', 'videos.create'],
    },
    { id: 'files', effect: 'allow', roles: ['analyst'], operations: ['files.create'] },
  ],
}

const D = 'Content-Disposition: form-data'
const part = (head: string, text: string) => `--b\r\n${head}\r\n\r\n${text}\r\n`
const field = (name: string, text: string) => part(`${D}; name="${name}"`, text)
const FILE = part(`${D}; name="file"; filename="a.wav"\r\nContent-Type: audio/wav`, 'RIFF\r\n-b\r')
const MODEL = field('model', ALLOWED)
const form = (...parts: string[]) => `${parts.join('')}--b--\r\n`
const WHOLE = form(MODEL, FILE)

/** A body, and the headers that it comes with where they are others. */
interface Sent {
  readonly body: string
  readonly line?: string
  readonly type?: string
  readonly more?: readonly string[]
}

const INVALID = { status: 400, code: 'invalid_body' }
const MEDIA = { status: 415, code: 'unsupported_media_type' }
const DENIED = { status: 403, code: 'policy_denied', reason: 'model_not_allowed' }

const REFUSED: readonly (readonly [name: string, Sent, Refusal])[] = [
  ['another model', { body: form(field('model', OTHER), FILE) }, DENIED],
  ['another model behind the file', { body: form(FILE, field('model', OTHER)) }, DENIED],
  ['a model twice', { body: form(MODEL, FILE, field('model', OTHER)) }, INVALID],
  ['the same model twice', { body: form(MODEL, MODEL, FILE) }, INVALID],
  ['no model', { body: form(FILE) }, INVALID],
  ['a model as a file', { body: form(part(`${D}; name="model"; filename="m"`, ALLOWED), FILE) }, INVALID],
  ['a model with an empty filename', { body: form(part(`${D}; name="model"; filename=""`, ALLOWED), FILE) }, INVALID],
  ['a model as a list', { body: form(field('model[]', ALLOWED), FILE) }, INVALID],
  ['a model in capitals beside it', { body: form(MODEL, field('Model', OTHER), FILE) }, INVALID],
  [
    'a model in another charset',
    { body: form(part(`${D}; name="model"\r\nContent-Type: text/plain; charset=utf-16`, ALLOWED), FILE) },
    INVALID,
  ],
  ['a charset for all', { body: form(field('_charset_', 'utf-16'), MODEL, FILE) }, INVALID],
  ['a model in quotes', { body: form(field('model', `"${ALLOWED}"`), FILE) }, INVALID],
  ['an extended name', { body: form(part(`${D}; name*=utf-8''model`, OTHER), MODEL, FILE) }, INVALID],
  ['two names', { body: form(part(`${D}; name="prompt"; name="model"`, OTHER), MODEL, FILE) }, INVALID],
  ['a disposition twice', { body: form(part(`${D}; name="prompt"\r\n${D}; name="model"`, OTHER), MODEL) }, INVALID],
  ['an escape in a name', { body: form(part(`${D}; name="mod\\el"`, OTHER), MODEL, FILE) }, INVALID],
  ['a folded header', { body: form(part(`${D};\r\n name="model"`, OTHER), MODEL, FILE) }, INVALID],
  [
    'an encoded part',
    { body: form(part(`${D}; name="model"\r\nContent-Transfer-Encoding: base64`, 'eA=='), FILE) },
    INVALID,
  ],
  [
    'a form in a form',
    { body: form(MODEL, part(`${D}; name="file"; filename="a"\r\nContent-Type: multipart/mixed; boundary=c`, '')) },
    INVALID,
  ],
  ['bare line feeds', { body: WHOLE.replaceAll('\r\n', '\n') }, INVALID],
  ['something before the first boundary', { body: `x\r\n${WHOLE}` }, INVALID],
  ['something behind the last', { body: `${WHOLE}x` }, INVALID],
  ['a form without its end', { body: WHOLE.slice(0, -5) }, INVALID],
  ['a form that ends in its file', { body: WHOLE.slice(0, -12) }, INVALID],
  ['a boundary within a line', { body: form(MODEL, part(`${D}; name="file"; filename="a"`, 'x--b')) }, INVALID],
  ['no parts', { body: '--b--\r\n' }, INVALID],
  [
    'a part that is shorter than it says',
    { body: form(MODEL, part(`${D}; name="file"; filename="a"\r\nContent-Length: 9`, 'x')) },
    INVALID,
  ],
  ['a field that redirects', { body: form(MODEL, FILE, field('fallback_models', OTHER)) }, INVALID],
  [
    'a host in a field that nobody knows',
    { body: form(MODEL, FILE, field('callback', '{"url":"http://a\\\\b"}')) },
    INVALID,
  ],
  ['JSON where a form is due', { body: '{"model":"x"}', type: 'application/json' }, MEDIA],
  ['no boundary', { body: WHOLE, type: 'multipart/form-data' }, MEDIA],
  ['two boundaries', { body: WHOLE, type: 'multipart/form-data; boundary=b; boundary=c' }, MEDIA],
  ['another multipart', { body: WHOLE, type: 'multipart/mixed; boundary=b' }, MEDIA],
  ['a form in another charset', { body: WHOLE, type: 'multipart/form-data; boundary=b; charset=utf-16' }, MEDIA],
  ['a compressed form', { body: WHOLE, more: ['Content-Encoding: gzip'] }, MEDIA],
  ['no body', { body: '' }, INVALID],
  [
    'lines of a batch',
    { body: form(field('purpose', 'batch'), FILE), line: 'POST /v1/files HTTP/1.1' },
    { ...INVALID, reason: 'object_not_allowed' },
  ],
  ['a video of another model', { body: form(field('model', OTHER)), line: 'POST /v1/videos HTTP/1.1' }, DENIED],
]

const ALLOWS: readonly (readonly [name: string, Sent])[] = [
  ['a form', { body: WHOLE }],
  ['the model behind the file', { body: form(FILE, MODEL) }],
  [
    'a model with a type and charset',
    { body: form(part(`${D}; name="model"\r\nContent-Type: text/plain; charset=utf-8`, ALLOWED), FILE) },
  ],
  ['a quoted boundary', { body: WHOLE, type: 'Multipart/Form-Data; boundary="b"' }],
  ['no line end behind the last boundary', { body: WHOLE.slice(0, -2) }],
  ['a true length of a part', { body: form(MODEL, part(`${D}; name="file"; filename="a"\r\nContent-Length: 1`, 'x')) }],
  ['a field that nobody knows', { body: form(MODEL, FILE, field('colour', 'blue')) }],
  ['an object as JSON', { body: form(MODEL, FILE, field('chunking_strategy', '{"type":"server_vad"}')) }],
  ['a filename that is percent-encoded', { body: form(MODEL, part(`${D}; name="file"; filename="a%20.wav"`, 'x')) }],
  ['another purpose', { body: form(field('purpose', 'user_data'), FILE), line: 'POST /v1/files HTTP/1.1' }],
  ['a video as a form', { body: form(MODEL), line: 'POST /v1/videos HTTP/1.1' }],
  [
    'a video as JSON',
    { body: JSON.stringify({ model: ALLOWED }), line: 'POST /v1/videos HTTP/1.1', type: 'application/json' },
  ],
]

async function bytesOf(
  world: World,
  { body, line = TRANSCRIBE, type = 'multipart/form-data; boundary=b', more = [] }: Sent,
) {
  const auth = `Authorization: Bearer ${await world.token(ALICE)}`
  return requestBytes(line, ['Host: x', auth, `Content-Type: ${type}`, ...more], Buffer.from(body, 'latin1'))
}

t.test('what is no one form, or names what is not granted, goes nowhere', async (t) => {
  const world = await startWorld(t, { policy: POLICY, isolation: 'off' })
  for (const [name, sent, refusal] of REFUSED) await refuses(t, world, name, await bytesOf(world, sent), refusal)
  t.equal(world.model.connections, 0, 'the upstream saw nobody')
  await endInOrder(t, world)
})

t.test('their twins do, and every reader takes there what was decided', async (t) => {
  const world = await startWorld(t, { policy: POLICY, isolation: 'off' })
  for (const path of ['/v1/audio/transcriptions', '/v1/files', '/v1/videos']) {
    world.model.scriptPath(path, ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  }
  for (const [name, sent] of ALLOWS) {
    const { decision } = await allows(t, world, name, await bytesOf(world, sent))
    const request = world.model.requests.at(-1)
    const [type = '', body = Buffer.alloc(0)] = [request?.header('content-type'), request?.body]
    if (type === 'application/json') continue
    const [busboy, fetched] = await Promise.all([readBusboy(type, body), readFetch(type, body)])
    t.same(busboy, fetched, `${name}: both readers agree`)
    const models = (busboy ?? []).filter((read) => read.name.includes('model')).map(({ text }) => text)
    const decided = decision.get('gen_ai.request.model')
    t.same(models, decided === undefined ? [] : [decided], `${name}: the model of the event`)
    const before = (await readBusboy('multipart/form-data; boundary=b', Buffer.from(sent.body, 'latin1'))) ?? []
    t.same(busboy, before, `${name}: nothing else is changed`)
  }
  await endInOrder(t, world)
})
