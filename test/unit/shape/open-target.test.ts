import t from 'tap'
import { openTarget } from '../../../src/shape/open-target.ts'
import { sealed, sealerOf } from '../../support/sealing.ts'

const sealer = sealerOf()
const foreign = sealerOf({ upstream: 'two' })
const written = (text: string) =>
  text.replaceAll(/<(!?)([\w.:-]+)>/g, (_, other, id) => sealed(id, other === '' ? sealer : foreign))

const parameters = { after: 'file', limit: null, order: null, model: 'model' }

type Row = readonly [sentence: string, template: string, path: string, query: string, outcome: string]
const table: readonly Row[] = [
  ['no id', '/v1/files', '/v1/files', '', '/v1/files?'],
  ['one', '/v1/files/{file}', '/v1/files/<f>', '', '/v1/files/f?'],
  [
    'two and a verb',
    '/v1/threads/{thread}/runs/{run}/cancel',
    '/v1/threads/<t>/runs/<r>/cancel',
    '',
    '/v1/threads/t/runs/r/cancel?',
  ],
  ['a model is none', '/v1/models/{model}', '/v1/models/gpt%3Ax', '', '/v1/models/gpt%3Ax?'],
  ['a model and a permission', '/v1/c/{model}/p/{permission}', '/v1/c/a%2Fb/p/<p>', '', '/v1/c/a%2Fb/p/p?'],
  [
    'a version is none',
    '/v1/skills/{skill}/versions/{skill_version}',
    '/v1/skills/<s>/versions/2',
    '',
    '/v1/skills/s/versions/2?',
  ],
  ['but its skill is', '/v1/skills/{skill}/versions/{skill_version}', '/v1/skills/s/versions/2', '', '404 skill'],
  ['in a query', '/v1/files', '/v1/files', 'limit=2&after=<f>&order=desc', '/v1/files?limit=2&after=f&order=desc'],
  ['an empty one', '/v1/files', '/v1/files', 'after=&limit=2', '/v1/files?after=&limit=2'],
  [
    'a setting that looks like one',
    '/v1/files',
    '/v1/files',
    'limit=<f>&model=<m>',
    written('/v1/files?limit=<f>&model=<m>'),
  ],
  ['a raw one', '/v1/files/{file}', '/v1/files/f', '', '404 file'],
  ['a foreign one', '/v1/files/{file}', '/v1/files/<!f>', '', '404 file'],
  ['the second one', '/v1/threads/{thread}/runs/{run}', '/v1/threads/<t>/runs/<!r>', '', '404 run'],
  ['a raw one in a query', '/v1/files', '/v1/files', 'after=f', '404 after'],
  ['a foreign one in a query', '/v1/files', '/v1/files', 'limit=1&after=<!f>', '404 after'],
]
for (const [name, template, path, query, outcome] of table) {
  t.test(name, async (t) => {
    const target = { template, path: written(path), query: written(query), parameters }
    const result = openTarget(target, sealer.open)
    t.equal(result.ok ? `${result.value.path}?${result.value.query}` : `404 ${result.fault.key}`, outcome)
  })
}

t.test('an id that a query has to encode', async (t) => {
  const query = `after=${encodeURIComponent(sealed('a:b'))}`
  t.same(openTarget({ template: '/v1/files', path: '/v1/files', query, parameters }, sealer.open), {
    ok: true,
    value: { path: '/v1/files', query: 'after=a%3Ab' },
  })
})
