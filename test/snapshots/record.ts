/**
 * Writes `events.ndjson` for each example: the tests of its policy as a morning of requests, decided by the pipeline's own
 * judgement and in the words of the audit format. Run it after a change of the examples or of the format.
 */
import { globSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { decidedUpstreams } from '../../src/cli/policy-outcome.ts'
import { loadAll } from '../../src/config/load-all.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { describedRequest } from '../../src/policy/described.ts'
import { compilePolicies } from '../../src/serving/compile-policies.ts'
import { judged, realRequest, recordedLine } from '../support/recorded.ts'

const ROOT = join(import.meta.dirname, '../..')
/** A Monday morning; where a test says when, that stands. Epoch milliseconds. */
const FROM = Date.parse('2026-03-02T08:30:00Z')
const STEP_MS = 45_000

async function eventsOf(config: string): Promise<string[]> {
  const { settings, policy } = await loadAll(config, { env: {}, secrets: false, compile: compilePolicies })
  if (!settings || !policy) throw new Error(`${config} is not sound`)
  const upstreams = decidedUpstreams(settings)
  return policy.tests.flatMap(({ test }, index) => {
    // Which upstream serves a request is not the caller's choice.
    if (test.upstream !== undefined) return []
    const { name, expect, ...asked } = test
    const read = describedRequest(asked as unknown as JsonValue, FROM + index * STEP_MS)
    if (!read.ok) throw new Error(`${name}: ${read.fault}`)
    const { input } = read.value
    const { model, alias } =
      typeof input.model === 'string' ? policy.resolveModel(input.model) : { model: input.model, alias: null }
    const request = realRequest({ ...input, model })
    const serving = upstreams.filter(({ serves }) => typeof model !== 'string' || serves(model))
    const decision = judged(policy, request, serving)
    const id = `req_${String(index + 1).padStart(4, '0')}`
    return [recordedLine(request, decision, { ruleset: policy.digest, id, ...(alias === null ? {} : { alias }) })]
  })
}

for (const config of ['config/sallyport.yaml', ...globSync('policies/*/sallyport.yaml', { cwd: ROOT })]) {
  const example = config.startsWith('config/') ? 'starter' : basename(dirname(config))
  const lines = await eventsOf(join(ROOT, config))
  writeFileSync(
    join(ROOT, 'test/snapshots', example, 'events.ndjson'),
    lines.map((line) => `${line.trimEnd()}\n`).join(''),
  )
}
