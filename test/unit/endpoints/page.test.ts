import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { endpointTable, isRefused } from '../../support/endpoint-page.ts'

const PAGE = join(import.meta.dirname, '../../../docs/endpoints.md')
const BEGIN = '<!-- table: written by test/unit/endpoints/page.test.ts -->\n\n'

t.test('the table in the documentation is that of the code', async (t) => {
  const [text = '', ...rest] = readFileSync(PAGE, 'utf8').split(BEGIN)
  t.equal(rest.length, 1, 'there is a place for the table')
  const table = endpointTable(ENDPOINTS)
  if (process.env.SALLYPORT_SNAPSHOTS === 'update') writeFileSync(PAGE, text + BEGIN + table)
  t.equal(readFileSync(PAGE, 'utf8'), text + BEGIN + table)
  const carried = ENDPOINTS.filter(({ awaits }) => awaits === null)
  const open = carried.filter((endpoint) => !isRefused(endpoint) && endpoint.api !== 'anthropic')
  const messages = carried.filter(({ api }) => api === 'anthropic')
  const counts = `${ENDPOINTS.length} operations on ${new Set(ENDPOINTS.map(({ path }) => path)).size} paths`
  t.match(text, counts)
  t.match(
    text,
    `${open.length} are carried to every upstream of OpenAI's API, ${carried.length - open.length - messages.length} more`,
  )
  t.match(text, `${messages.length} to upstreams of \`kind: anthropic\``)
})
