import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { unusual } from './described.ts'

type Row = readonly [sentence: string, more: object, expected: object]

const doubtful: readonly Row[] = [
  ['domains that may be reached', { allowed_domains: ['a.example'] }, { urls: ['a.example'] }],
  ['domains', { network: { domains: ['A.example', 'b.example'] } }, { urls: ['a.example', 'b.example'] }],
  ['domains in camel case', { network: { allowedDomains: 'a.example' } }, { urls: ['a.example'] }],
  ['domains that are kept out', { blocked_domains: ['a.example'] }, {}],
  ['all domains', { allowed_domains: ['*'] }, { refused: 'allowed_domains' }],
  ['a way out', { egress: ['a.example'] }, { urls: ['a.example'] }],
  ['a way out with a list', { network: { egress: { type: 'x', allow: ['a.example'] } } }, { urls: ['a.example'] }],
  ['a private address', { egress: ['127.1'] }, { refused: 'egress' }],
  ['a private address as a number', { egress: [2130706433] }, { refused: 'egress' }],
  ['a range of addresses', { egress: ['10.0.0.0/8'] }, { refused: 'egress' }],
  ['a repository by ssh', { vendor: { source: 'git@a.example:x/y.git' } }, { urls: ['a.example'] }],
  ['a repository by ssh at a private address', { source: 'git@127.1:x' }, { refused: 'source' }],
  ['a repository without a scheme', { repository: '//a.example/x' }, { urls: ['a.example'] }],
  ['a repository with backslashes', { repository: '\\\\a.example\\x' }, { refused: 'repository' }],
  ['a repository at some service', { repository: 'owner/name' }, {}],
  ['an address of a person', { contact: 'me@a.example' }, {}],
  ['a text with both signs', { note: 'see me@a.example: thanks' }, {}],
  ['a model of another name', { embedding_model: 'e' }, { nested: ['e'] }],
  ['a model of another name further down', { search: { rerankModel: 'r' } }, { nested: ['r'] }],
  ['a model as an object', { embedding_model: { model: 'e' } }, { nested: ['e'] }],
  ['a model in a row of the caller', { documents: [{ car_model: 'x' }] }, {}],
  ['names of models to choose from', { target_model_names: 'a,b' }, { refused: 'target_model_names' }],
  ['the same further down', { vendor: { targetModelNames: [] } }, { refused: 'targetModelNames' }],
  ['a model that another one is', { base_model: 'a' }, { refused: 'base_model' }],
  ['credentials of the caller', { aws_access_key_id: 'a' }, { refused: 'aws_access_key_id' }],
  ['targets of a gateway', { targets: [{}] }, { refused: 'targets' }],
  ['targets further down', { vendor: { targets: [{}] } }, {}],
  ['a provider of a store', { provider_id: 'p' }, { refused: 'provider_id' }],
]
t.test('a host, a model or a redirection is found under other words', async (t) => {
  for (const [sentence, more, expected] of doubtful) {
    t.same(unusual('chat', { model: 'm', messages: [], ...more }), expected, sentence)
  }
})

t.test('search is ranked by a model where it names one', async (t) => {
  const ranked = (ranker: unknown) => unusual('vector_stores.search', { query: 'q', ranking_options: { ranker } })
  const none = { model: null }
  t.same(ranked('some-reranker'), { ...none, nested: ['some-reranker'] })
  for (const ranker of ['auto', 'none', 'default-2024-11-15', null]) t.same(ranked(ranker), none, String(ranker))
})

const python = { type: 'python', name: 'g', source: 'def grade(sample, item): return 1' }
const plain = { type: 'string_check', name: 's', input: 'a', reference: 'b', operation: 'eq' }
t.test('a grader that is a program is a hosted tool', async (t) => {
  const graded = (grader: unknown) => unusual('fine_tuning.alpha.graders.run', { model_sample: 'x', grader })
  const none = { model: null }
  t.same(graded(python), { ...none, hosted: ['python'] })
  t.same(graded(plain), none)
  t.same(graded({ type: 'multi', graders: { a: python, b: plain } }), { ...none, hosted: ['python'] }, 'by name')
  t.same(graded({ type: 'multi', graders: [plain, python] }), { ...none, hosted: ['python'] }, 'in a list')
  t.same(graded({ ...python, type: 'string_check' }), { ...none, hosted: ['python'] }, 'whatever its type says')
  t.same(graded({ type: 'lua', source: 'x' }), { ...none, hosted: ['lua'] }, 'of an unknown type')
  const method = { type: 'reinforcement', reinforcement: { grader: python } }
  const job = unusual('fine_tuning.jobs.create', { model: 'm', training_file: 'f', method })
  t.same(job, { hosted: ['python'], objects: ['training_file=f'] })
  t.same(unusual('evals.create', { testing_criteria: [plain, python] }), { ...none, hosted: ['python'] })
})

t.test('speech in events is a stream', async (t) => {
  const spoken = (more: object) => unusual('audio.speech', { model: 'm', input: 'x', voice: 'alloy', ...more })
  t.same(spoken({ stream_format: 'sse' }), { stream: true, audio: true })
  t.same(spoken({ stream_format: 'x' }), { stream: true, audio: true }, 'a format that is not known')
  t.same(spoken({ stream_format: 'audio' }), { audio: true })
  t.same(spoken({ stream_format: null }), { audio: true })
  t.same(spoken({ stream: true }), { stream: true, audio: true }, 'by the word of other operations')
  t.equal(ENDPOINTS.find(({ operation }) => operation === 'audio.speech')?.streams, 'asked', 'and the table says so')
})
