import { join } from 'node:path'
import t from 'tap'
import { stallBeforeHead } from '../support/model-behaviours.ts'
import { polled, type RunningProxy } from '../support/proxy.ts'
import { rawConnect } from '../support/raw-client.ts'
import { chatBody, chatBytes, endInOrder, startWorld } from '../support/world.ts'

const SILENT = 'gpt-4o-mini-silent'
const BODY_BYTES = 10_000_000
const MEMORY = join(import.meta.dirname, '../fixtures/memory.cjs')

/** Bytes of all buffers that are still needed. */
async function bufferBytes(proxy: RunningProxy): Promise<number> {
  const said = () => [...proxy.stderr.matchAll(/^buffers (\d+)$/gm)]
  const before = said().length
  proxy.signal('SIGUSR2')
  await polled(async () => said().length > before, 'the program to say what it holds')
  return Number(said().at(-1)?.[1])
}

const rows = [
  ['a body that is sent on as it came', {}],
  ['a body to which the question for usage is added', { stream: true }],
] as const

t.test('what waits for its answer is in memory once, as the budget counts it', async (t) => {
  const world = await startWorld(t, { env: { NODE_OPTIONS: `--expose-gc --require "${MEMORY}"` } })
  const { proxy, model } = world
  model.script(SILENT, stallBeforeHead)
  const token = await world.token()
  for (const [index, [name, more]] of rows.entries()) {
    const before = await bufferBytes(proxy)
    const connection = await rawConnect(proxy.port)
    connection.send(chatBytes(token, chatBody(SILENT, { ...more, user: 'x'.repeat(BODY_BYTES) })))
    await model.arrival(index + 1)
    const held = (await bufferBytes(proxy)) - before
    t.ok(held > BODY_BYTES * 0.9 && held < BODY_BYTES * 1.3, `${name}: ${held} bytes`)
    connection.close()
    await proxy.audit.action('completion-aborted', index + 1)
  }
  await endInOrder(t, world)
})
