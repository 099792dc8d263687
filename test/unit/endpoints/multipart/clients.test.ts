import OpenAI, { toFile, toStreamingFile } from 'openai'
import t from 'tap'
import { boundaryOf } from '../../../../src/endpoints/multipart/boundary.ts'
import { describeForm } from '../../../../src/endpoints/multipart/describe-form.ts'
import { FORMS } from '../../../../src/endpoints/multipart/forms.ts'
import { readForm } from './formed.ts'

interface Sent {
  readonly path: string
  readonly contentType: string
  readonly body: Buffer
}

/** What the official SDK sends for a call. */
async function sentBy(call: (client: OpenAI) => PromiseLike<unknown>): Promise<Sent> {
  let sent: Sent | undefined
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const contentType = request.headers.get('content-type') ?? ''
    sent = { path: new URL(request.url).pathname, contentType, body: Buffer.from(await request.arrayBuffer()) }
    return Response.json({})
  }
  await call(new OpenAI({ apiKey: 'k', baseURL: 'http://localhost/v1', maxRetries: 0, fetch }))
  if (sent === undefined) throw new Error('nothing was sent')
  return sent
}

/** The facts of a body, or why it has none. */
function describe(operation: string, { contentType, body }: Sent) {
  const boundary = boundaryOf(contentType)
  if (!boundary.ok) return boundary.fault.message
  const found = readForm(body, boundary.value)
  const fields = FORMS.find((form) => form.operation === operation)
  if (typeof found === 'string' || fields === undefined) return found
  const facts = describeForm(found.form, fields)
  if (!facts.ok) return facts.fault.message
  const { model, nestedModels, stream, input, objects } = facts.value
  const media = Object.entries(input).flatMap(([medium, is]) => (is === true ? [medium] : []))
  return [model, ...nestedModels, ...media, ...objects.map(({ id }) => id), ...(stream ? ['stream'] : [])].join(' ')
}

const bytes = () => toFile(Buffer.from('bytes'), 'größe "1".mp3', { type: 'audio/mpeg' })
const streamed = () =>
  toStreamingFile(
    (async function* () {
      yield Buffer.from('bytes')
    })(),
    'a b.jsonl',
  )

t.test('what the official SDK sends is read', async (t) => {
  const file = await bytes()
  const strategy = { type: 'server_vad', threshold: 0.5 } as const
  const lists = { timestamp_granularities: ['word' as const], known_speaker_references: ['data:audio/wav;base64,AA=='] }
  const rows: readonly (readonly [string, (client: OpenAI) => PromiseLike<unknown>, string])[] = [
    [
      'audio.transcribe',
      (ai) => ai.audio.transcriptions.create({ file, model: 'm', chunking_strategy: strategy, ...lists }),
      'm audio',
    ],
    [
      'audio.transcribe',
      (ai) => ai.audio.transcriptions.create({ file: streamed(), model: 'm', stream: true }),
      'm audio stream',
    ],
    ['audio.translate', (ai) => ai.audio.translations.create({ file, model: 'm', temperature: 0 }), 'm audio'],
    [
      'audio.voices.create',
      (ai) => ai.audio.voices.create({ audio_sample: file, consent: 'cons_1', name: 'n' }),
      ' audio cons_1',
    ],
    [
      'audio.voice_consents.create',
      (ai) => ai.audio.voiceConsents.create({ recording: file, language: 'de', name: 'n' }),
      ' audio',
    ],
    [
      'images.edit',
      (ai) => ai.images.edit({ image: [file, file], mask: file, prompt: 'p', model: 'm', svg: { model: 'n' } }),
      'm n images',
    ],
    ['images.edit', (ai) => ai.images.edit({ image: file, prompt: '{"', stream: true, n: 2 }), ' images stream'],
    ['images.variation', (ai) => ai.images.createVariation({ image: file, model: 'm', n: 1 }), 'm images'],
    [
      'files.create',
      (ai) => ai.files.create({ file, purpose: 'batch', expires_after: { anchor: 'created_at', seconds: 3600 } }),
      ' files',
    ],
    ['files.create', (ai) => ai.files.create({ file: streamed(), purpose: 'batch' }), ' files'],
    ['uploads.parts.create', (ai) => ai.uploads.parts.create('upload_1', { data: file }), ' files'],
    ['containers.files.create', (ai) => ai.containers.files.create('cntr_1', { file }), ' files'],
    ['skills.create', (ai) => ai.skills.create({ files: [file, file] }), ' files'],
    ['skills.versions.create', (ai) => ai.skills.versions.create('skill_1', { files: file, default: true }), ' files'],
    [
      'videos.create',
      (ai) => ai.videos.create({ prompt: 'p', model: 'sora-2', input_reference: file }),
      'sora-2 images',
    ],
    [
      'videos.create',
      (ai) => ai.videos.create({ prompt: 'p', input_reference: { file_id: 'file_1' } }),
      ' images file_1',
    ],
    ['videos.edit', (ai) => ai.videos.edit({ prompt: 'p', video: { id: 'video_1' } }), ' images audio video_1'],
    ['videos.extend', (ai) => ai.videos.extend({ prompt: 'p', seconds: '8', video: file }), ' images audio'],
    ['videos.create_character', (ai) => ai.videos.createCharacter({ name: 'n', video: file }), ' images audio'],
    ['content_provenance_checks.create', (ai) => ai.contentProvenanceChecks.create({ file }), ' images files audio'],
  ]
  for (const [operation, call, expected] of rows) {
    const sent = await sentBy(call)
    t.equal(describe(operation, sent), expected, `${operation}: ${sent.path}`)
  }
  // A remix has nothing but a prompt: the SDK sends that as JSON.
  const forms = FORMS.map(({ operation }) => operation).filter((operation) => operation !== 'videos.remix')
  t.same([...new Set(rows.map(([operation]) => operation))], forms, 'every form is sent')
})

t.test('what other clients send is read', async (t) => {
  const part = (boundary: string, headers: string, value: string) => `--${boundary}\r\n${headers}\r\n\r\n${value}\r\n`
  const disposition = 'Content-Disposition: form-data'
  const rows: readonly (readonly [string, string, string, (boundary: string) => string])[] = [
    [
      'curl',
      '------------------------d74496d66958873e',
      '',
      (b) =>
        part(b, `${disposition}; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg`, 'x') +
        part(b, `${disposition}; name="model"`, 'm'),
    ],
    [
      'httpx',
      '1b3d7c1f0e2a4d5f8c9b0a1e2d3c4b5a',
      '',
      (b) =>
        part(b, `${disposition}; name="model"`, 'm') +
        part(b, `${disposition}; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg`, 'x'),
    ],
    [
      '.NET',
      '5b0f7b4e-27a8-4e6b-9c3a-0f2d6f1f8f11',
      '"',
      (b) =>
        part(b, `Content-Type: text/plain; charset=utf-8\r\n${disposition}; name=model`, 'm') +
        part(b, `Content-Type: audio/mpeg\r\n${disposition}; name=file; filename=a.mp3`, 'x'),
    ],
    [
      'OkHttp',
      '9d5f3a1c-1111-2222-3333-444455556666',
      '',
      (b) =>
        part(b, `${disposition}; name="model"\r\nContent-Length: 1`, 'm') +
        part(b, `${disposition}; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg\r\nContent-Length: 1`, 'x'),
    ],
    [
      'Apache HttpClient',
      'Y7kLQ-2_bXcVbNm1234567890',
      '',
      (b) =>
        part(
          b,
          `${disposition}; name="model"\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit`,
          'm',
        ) +
        part(
          b,
          `${disposition}; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg\r\nContent-Transfer-Encoding: binary`,
          'x',
        ),
    ],
  ]
  for (const [name, boundary, quote, body] of rows) {
    const contentType = `multipart/form-data; boundary=${quote}${boundary}${quote}`
    const sent = { path: '', contentType, body: Buffer.from(`${body(boundary)}--${boundary}--\r\n`) }
    t.equal(describe('audio.transcribe', sent), 'm audio', name)
  }
})
