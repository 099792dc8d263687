import t from 'tap'
import type { RequestFacts } from '../../../src/model/request.ts'
import { askedOf } from '../../../src/pipeline/asked.ts'
import { blotted } from '../../../src/pipeline/events.ts'

const PLAIN: RequestFacts = {
  operation: 'chat',
  model: 'm',
  nestedModels: [],
  stream: false,
  maxOutputTokens: undefined,
  tools: { functions: [], hosted: [] },
  input: { bytes: 10, images: false, files: false, audio: false },
  urls: [],
  objects: [],
}
const names = (count: number) => Array.from({ length: count }, (_, index) => `f${index}`)

const rows: readonly (readonly [string, Partial<RequestFacts>, string | undefined, object])[] = [
  ['a plain request asks for nothing', {}, undefined, {}],
  ['its limit is told', { maxOutputTokens: 9 }, undefined, { maxOutputTokens: 9 }],
  [
    'tools, hosts and models are told by their names',
    { tools: { functions: ['f'], hosted: ['web_search'] }, urls: ['a.example'], nestedModels: ['n'] },
    undefined,
    { functions: ['f'], hosted: ['web_search'], hosts: ['a.example'], models: ['n'] },
  ],
  [
    'what it carries is told',
    { input: { bytes: 1, images: true, files: true, audio: true } },
    undefined,
    { images: true, files: true, audio: true },
  ],
  ['the workspace that is asked for is told', {}, 'research', { project: 'research' }],
  [
    'the objects that it names are told as it wrote them, each once',
    { objects: ['b.sp1x', 'a', 'b.sp1x'].map((id) => ({ key: 'file_id', id })) },
    undefined,
    { objects: ['b.sp1x', 'a'] },
  ],
  [
    'what is no id is left out',
    { objects: [{ key: 'file_id', id: 'my secret' }] },
    undefined,
    { omitted: ['objects'] },
  ],
  ['32 names are told', { tools: { functions: names(32), hosted: [] } }, undefined, { functions: names(32) }],
  [
    'of 33 names it is told that they are left out',
    { tools: { functions: names(33), hosted: ['h'] } },
    undefined,
    { hosted: ['h'], omitted: ['functions'] },
  ],
  ['so it is of long ones', { urls: ['h'.repeat(1025)] }, undefined, { omitted: ['hosts'] }],
  [
    'and of those that look like a credential',
    { tools: { functions: ['sk-0123456789abcdef'], hosted: [] } },
    'sp_0123456789abcdef',
    { omitted: ['functions', 'project'] },
  ],
]
for (const [name, facts, project, expected] of rows) {
  t.test(name, async (t) => t.same(askedOf({ ...PLAIN, ...facts }, project, blotted), expected))
}

t.test('plain requests share one object', async (t) => {
  t.equal(askedOf(PLAIN, undefined, blotted), askedOf({ ...PLAIN }, undefined, blotted))
})
