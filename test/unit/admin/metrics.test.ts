import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createMetrics, type MetricSources } from '../../../src/admin/metrics.ts'
import { Meter } from '../../../src/pipeline/meter.ts'

const OPERATIONS = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8')

function sources(more: Partial<MetricSources> = {}): MetricSources {
  return {
    meter: new Meter(),
    auditWritable: () => true,
    auditQueuedBytes: () => 0,
    auditDropped: () => 0,
    bufferedBytes: () => 0,
    spooledBytes: () => 0,
    sessions: () => 0,
    sealingKeys: () => null,
    ...more,
  }
}

/** The samples of our own metrics that have no labels. */
async function samples(given: MetricSources): Promise<Record<string, number>> {
  const text = await createMetrics(given).metrics()
  return Object.fromEntries(
    [...text.matchAll(/^(sallyport_\w+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  )
}

/** Both ways: what is served and not documented, and what is documented and not served. */
function undocumented(served: readonly string[], text: string): string[] {
  const named = new Set([...text.matchAll(/^\| `(sallyport_\w+)` \|/gm)].map(([, name]) => name))
  const missing = served.filter((name) => !named.delete(name))
  return [...missing, ...named].map(String)
}

t.test('every metric stands in the page on operating, and no other one', async (t) => {
  const served = createMetrics(sources())
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => name.startsWith('sallyport_'))
  t.ok(served.includes('sallyport_requests_total'), 'there are some')
  t.same(undocumented(served, OPERATIONS), [])
  t.same(undocumented([...served, 'sallyport_new'], OPERATIONS), ['sallyport_new'], 'the twin')
  t.same(undocumented(served.slice(1), OPERATIONS), served.slice(0, 1), 'the twin')
})

t.test('each figure is read when it is asked for', async (t) => {
  let open = 0
  const given = sources({ sessions: () => open, bufferedBytes: () => 5, spooledBytes: () => 7 })
  t.match(await samples(given), {
    sallyport_sessions_active: 0,
    sallyport_buffered_bytes: 5,
    sallyport_spooled_bytes: 7,
  })
  open = 3
  t.match(await samples(given), { sallyport_sessions_active: 3 })
})

const SEALING = ['sallyport_sealing_keys_usable', 'sallyport_sealing_keys_age_seconds']

t.test('sealing keys have a figure where ids are sealed', async (t) => {
  let state: ReturnType<MetricSources['sealingKeys']> = null
  const registry = createMetrics(sources({ sealingKeys: () => state }))
  const figures = async () => {
    const text = await registry.metrics()
    return SEALING.map((name) => text.match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1] ?? null)
  }
  t.same(await figures(), [null, null], 'an alarm on 0 is silent where nothing is sealed')
  state = { usable: true, ageSeconds: 4.5 }
  t.same(await figures(), ['1', '4.5'])
  state = { usable: false, ageSeconds: 61 }
  t.same(await figures(), ['0', '61'])
})
