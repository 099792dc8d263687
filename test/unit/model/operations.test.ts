import t from 'tap'
import {
  isOperationName,
  MODEL_OPERATIONS,
  OPERATION_PATTERNS,
  SPELLED_OPERATIONS,
} from '../../../src/model/operations.ts'
import { nearest } from '../../../src/schema/nearest.ts'

t.test('the name of every operation, and every pattern of a resource, is one that a policy may hold', async (t) => {
  t.equal(new Set(SPELLED_OPERATIONS).size, SPELLED_OPERATIONS.length)
  for (const name of [...SPELLED_OPERATIONS, ...OPERATION_PATTERNS, '*']) t.equal(isOperationName(name), true, name)
  for (const name of MODEL_OPERATIONS) t.ok(SPELLED_OPERATIONS.includes(name), name)
})

t.test('every pattern stands for some operation, or for names that the operator gives', async (t) => {
  for (const pattern of OPERATION_PATTERNS.filter((name) => name !== 'passthrough.*')) {
    t.ok(
      SPELLED_OPERATIONS.some((name) => name.startsWith(pattern.slice(0, -1))),
      pattern,
    )
  }
})

t.test('the names of the contract', async (t) => {
  const contract = [
    ...['chat', 'completions', 'responses', 'embeddings', 'moderations', 'realtime'],
    ...['get', 'delete', 'cancel', 'input_items', 'compact'].map((verb) => `responses.${verb}`),
    ...['models.list', 'models.get', 'models.delete', 'images.generate', 'images.edit', 'images.variation'],
    ...['audio.speech', 'audio.transcribe', 'audio.translate', 'files.*', 'uploads.*', 'batches.*', 'fine_tuning.*'],
    ...['vector_stores.*', 'assistants.*', 'threads.*', 'conversations.*', 'containers.*', 'evals.*', 'videos.*'],
    ...['realtime.*', 'passthrough.vendor', 'passthrough.*'],
  ]
  for (const name of contract) t.equal(isOperationName(name), true, name)
})

t.test('a name with a slip is none, and what was meant is near', async (t) => {
  const rows = [
    ['files.crate', 'files.create'],
    ['files.read', 'files.create'],
    ['file.list', 'files.list'],
    ['batch.create', 'batches.create'],
    ['threads.run.create', 'threads.runs.create'],
    ['vector_store.files.content', 'vector_stores.files.content'],
    ['fine-tuning.jobs.create', 'fine_tuning.jobs.create'],
    ['finetuning.jobs.create', 'fine_tuning.jobs.create'],
    ['conversations.items.creat', 'conversations.items.create'],
    ['response.get', 'responses.get'],
    ['Chat', 'chat'],
  ] as const
  for (const [slip, meant] of rows) {
    t.equal(isOperationName(slip), false, slip)
    t.equal(nearest(slip, SPELLED_OPERATIONS), meant, slip)
  }
})

t.test('what is no name at all', async (t) => {
  const names = [
    ...[
      'chat.',
      '.chat',
      'chat.completions',
      'files',
      'threads.runs',
      'completions.*',
      'embeddings.*',
      'moderations.*',
    ],
    ...['**', '*.*', '*.list', 'files.l*', 'files.*.*', 'threads.*.create', 'threads.*.*', 'threads.runs.*.x'],
    ...[
      'passthrough',
      'passthrough.',
      'passthrough.a.b',
      'passthrough.A',
      'passthrough.a.*',
      'constructor',
      '__proto__',
    ],
    ...['files.list ', ' files.list', 'FILES.LIST', 'files.List', 'files.list\n', 'organization.*', 'toString.*'],
  ]
  for (const name of names) t.equal(isOperationName(name), false, JSON.stringify(name))
})
