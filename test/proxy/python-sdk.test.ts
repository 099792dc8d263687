import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { TEXT, USAGE } from '../support/model-answers.ts'
import { ALICE, BOB, endInOrder, startWorld } from '../support/world.ts'

const SCRIPT = join(import.meta.dirname, 'sdk.py')
const PYTHON = process.env.SALLYPORT_PYTHON ?? 'python3'

function hasSdk(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import openai'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const missing = hasSdk() ? false : 'left out: the Python SDK (pip install openai)'

t.test('the official Python SDK runs unchanged', { skip: missing }, async (t) => {
  const world = await startWorld(t)
  const argv = [SCRIPT, world.proxy.baseUrl, await world.token(ALICE), await world.token(BOB)]
  const { stdout } = await promisify(execFile)(PYTHON, argv, { timeout: 60_000 })
  t.same(JSON.parse(stdout), {
    chat: [TEXT, USAGE.input],
    stream: [TEXT, []],
    stream_usage: [TEXT, [USAGE.output]],
    responses: TEXT,
    responses_stream: ['response.created', 'response.completed'],
    embeddings: [0.25, -0.5, 0.125],
    moderations: false,
    models: ['gpt-4o-mini', 'omni-moderation-latest', 'text-embedding-3-small'],
    asynchronous: Array.from({ length: 5 }, () => TEXT),
    bad_key: ['AuthenticationError', 401, 'invalid_api_key', true],
    denied: ['PermissionDeniedError', 403, 'policy_denied', true],
    not_found: ['NotFoundError', 404, 'model_not_found', true],
    bad_body: ['BadRequestError', 400, 'invalid_body', true],
  })
  await endInOrder(t, world)
})

t.test('where CI is set, nothing is left out', (t) => {
  t.ok(process.env.CI === undefined || missing === false)
  t.end()
})
