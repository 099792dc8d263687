// What single parts of the hot path cost, in one process and without sockets: `node test/bench/micro.ts [--quick]`.
// The least of many batches is shown, since everything that disturbs a batch makes it slower and nothing faster.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ecs } from '../../src/audit/formats/ecs.ts'
import { loadPolicySources } from '../../src/config/policy-sources.ts'
import { chat } from '../../src/endpoints/chat.ts'
import { parseJsonBody } from '../../src/endpoints/json.ts'
import { openTap } from '../../src/endpoints/tap.ts'
import { digestOf } from '../../src/identity/jwt/token.ts'
import type { PolicyInput } from '../../src/model/decision.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { SCENARIOS } from '../property/scale-policies.ts'
import { CHUNKS, jsonAnswer, MODELS, plainBurst } from './answers.ts'
import { benchPolicy } from './bench-policy.ts'
import { makeCredential } from './credential.ts'
import { completeEvent, decisionEvent, policyInput, principal } from './samples.ts'
import { chatBody } from './workloads.ts'

const { values } = parseArgs({
  // `--load FILES` is what this file asks of a process of its own.
  options: { quick: { type: 'boolean', default: false }, load: { type: 'string' } },
})
const RULES = 10_000
const BATCHES = values.quick ? 20 : 200
const BATCH_MS = values.quick ? 2 : 5

/** Results end here, so that no compiler finds out that nobody wants them. */
let sink: unknown

/** Microseconds of one call. */
function measure(run: () => unknown): number {
  let calls = 1
  const batch = () => {
    const began = performance.now()
    for (let call = 0; call < calls; call++) sink = run()
    return performance.now() - began
  }
  while (batch() < BATCH_MS) calls *= 2
  let least = Number.POSITIVE_INFINITY
  for (let index = 0; index < BATCHES; index++) least = Math.min(least, batch())
  return (least * 1000) / calls
}

function show(name: string, microseconds: number): void {
  process.stdout.write(`${name.padEnd(52)}${microseconds.toFixed(2).padStart(10)} us\n`)
}

async function policyOf(rules: number): Promise<CompiledPolicy> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-micro-'))
  try {
    writeFileSync(join(folder, 'policy.yaml'), benchPolicy(rules))
    const { sources } = await loadPolicySources([folder])
    const { policy, problems } = compilePolicy(sources, { issuers: ['bench'], upstreams: [] })
    if (policy === null) throw new Error(problems[0]?.message ?? 'the policy does not compile')
    return policy
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function bodies(): void {
  for (const [name, size] of [
    ['1 KB', 1024],
    ['32 KB', 32 * 1024],
    ['1 MiB', 1024 * 1024],
  ] as const) {
    const bytes = Buffer.from(chatBody(MODELS.json, size, false))
    const parsed = parseJsonBody(bytes)
    if (!parsed.ok) throw new Error(parsed.fault.message)
    show(
      `body of ${name}: parse`,
      measure(() => parseJsonBody(bytes)),
    )
    show(
      `body of ${name}: describe`,
      measure(() => chat.describe(parsed.value, {})),
    )
    show(
      `body of ${name}: JSON.parse alone, to compare`,
      measure(() => JSON.parse(bytes.toString())),
    )
  }
}

async function decisions(): Promise<void> {
  for (const rules of [10, 1000, 10_000]) {
    const policy = await policyOf(rules)
    const input: PolicyInput = policyInput(MODELS.json)
    if (policy.decide(input).effect !== 'allow') throw new Error('the bench is not allowed')
    const other = policyInput('nobodys-model')
    show(
      `decide among ${rules} rules: allow`,
      measure(() => policy.decide(input)),
    )
    show(
      `decide among ${rules} rules: deny`,
      measure(() => policy.decide(other)),
    )
  }
}

/** Policies that are hard on whoever looks for the rules that matter, each request at both sizes. */
function hardDecisions(): void {
  for (const { name, policy: written, asked } of SCENARIOS) {
    const [few, many] = [10, 10_000].map((rules) => {
      const source = { name: 'policy.yaml', document: written(rules) as JsonValue, digest: '0' }
      return compilePolicy([source], { issuers: ['corp'], upstreams: [] }).policy
    })
    for (const { effect, input } of asked) {
      const costs = [few, many].map((policy) => measure(() => policy?.decide(input)))
      const shown = costs.map((cost) => cost.toFixed(2).padStart(10)).join('')
      process.stdout.write(`${`${name}: ${effect}`.padEnd(62)}${shown} us of 10 and 10000 rules\n`)
    }
  }
}

/** What it takes until the first decision. Each row of files has a process of its own: its first load compiles all code. */
function loads(): void {
  for (const files of [1, 5]) {
    const args = [import.meta.filename, '--load', String(files), ...(values.quick ? ['--quick'] : [])]
    const printed = execFileSync(process.execPath, [...process.execArgv, ...args], { encoding: 'utf8' })
    const times = printed.trim().split('\n').map(Number)
    const name = `load of ${RULES} rules in ${files} ${files === 1 ? 'file' : 'files'}`
    show(`${name}: first of a process`, times[0] ?? Number.NaN)
    if (times.length > 1) show(`${name}: least of ${times.length}`, Math.min(...times))
  }
}

/** Prints the microseconds of one load after the other. */
async function timedLoads(files: number): Promise<void> {
  // As the program does when it starts.
  process.env = { ...process.env }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-micro-'))
  try {
    const [head = '', rules = ''] = benchPolicy(RULES).split('rules:\n')
    const lines = rules.trimEnd().split('\n')
    const each = Math.ceil(lines.length / files)
    for (let file = 0; file < files; file++) {
      const own = lines.slice(file * each, (file + 1) * each)
      writeFileSync(join(folder, `${file}.yaml`), `${file === 0 ? head : 'version: 1\n'}rules:\n${own.join('\n')}\n`)
    }
    for (let run = 0; run < (values.quick ? 1 : 5); run++) {
      const began = performance.now()
      const { sources } = await loadPolicySources([folder])
      const { policy } = compilePolicy(sources, { issuers: ['bench'], upstreams: [] })
      policy?.warm()
      if (policy === null) throw new Error('the policy does not compile')
      process.stdout.write(`${(performance.now() - began) * 1000}\n`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function answers(): void {
  const json = Buffer.from(jsonAnswer)
  show(
    'usage of a JSON answer of 1 KB',
    measure(() => tapped('json', [json], false)),
  )
  const whole = Buffer.from(plainBurst(false))
  const events = plainBurst(false)
    .split(/(?<=\n\n)/)
    .map((event) => Buffer.from(event))
  show('stream chunk, each by itself', measure(() => tapped('sse', events, false)) / CHUNKS)
  show('stream chunk, each by itself, usage taken out', measure(() => tapped('sse', events, true)) / CHUNKS)
  show('stream chunk, all at once', measure(() => tapped('sse', [whole], false)) / CHUNKS)
}

function tapped(kind: 'json' | 'sse', chunks: readonly Buffer[], strips: boolean): unknown {
  const tap = openTap('completion', kind, 200, strips)
  for (const chunk of chunks) sink = tap.push(chunk)
  return tap.end()
}

function events(): void {
  const render = ecs.open({ version: '0.0.0' })
  const stamp = { id: '0191d2b0-0000-7000-8000-000000000000', sequence: 1 }
  const scratch = Buffer.allocUnsafe(64 * 1024)
  const decision = decisionEvent(principal)
  const complete = completeEvent(principal)
  // Written to bytes, too: a text that was put together from pieces is only joined then.
  show(
    'decision event as bytes',
    measure(() => scratch.write(render(decision, stamp))),
  )
  show(
    'complete event as bytes',
    measure(() => scratch.write(render(complete, stamp))),
  )
}

function credentials(): void {
  const { token } = makeCredential()
  show(
    'digest of a token',
    measure(() => digestOf(token)),
  )
}

async function everything(): Promise<void> {
  bodies()
  credentials()
  await decisions()
  hardDecisions()
  loads()
  answers()
  events()
  if (sink === undefined) process.exitCode = 1
}

await (values.load === undefined ? everything() : timedLoads(Number(values.load)))
