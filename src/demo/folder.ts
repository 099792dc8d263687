import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AUDIENCE } from './identity-provider.ts'
import type { DemoUpstream } from './upstream.ts'

/** The variable that gives the proxy the upstream's key. */
export const KEY_VARIABLE = 'SALLYPORT_DEMO_UPSTREAM_KEY'

export interface DemoFolder {
  readonly path: string
  readonly config: string
  readonly policy: string
  /** Every audit event, as the proxy wrote it. */
  readonly audit: string
  remove(): void
}

export interface DemoSetting {
  readonly proxyPort: number
  readonly adminPort: number
  readonly issuer: string
  readonly upstream: DemoUpstream
}

/** Writes a config, a policy and nothing else into a folder of its own, for this user only. */
export function createFolder(setting: DemoSetting): DemoFolder {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-demo-'))
  const folder = {
    path,
    config: join(path, 'config/sallyport.yaml'),
    policy: join(path, 'policies/demo.yaml'),
    audit: join(path, 'audit.ndjson'),
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
  for (const name of ['config', 'policies', 'data']) mkdirSync(join(path, name))
  writeFileSync(folder.config, configText(setting))
  writeFileSync(folder.policy, policyText(setting.upstream))
  return folder
}

/** A scalar or list as YAML: JSON is YAML. */
const yaml = (value: string | readonly string[]): string => JSON.stringify(value)

function configText({ proxyPort, adminPort, issuer, upstream }: DemoSetting): string {
  const key = upstream.key === null ? '' : `\n    api_key: { env: ${KEY_VARIABLE} }`
  const insecure = upstream.url.startsWith('http:') ? '\n    allow_insecure: true' : ''
  return `# The demo's config. It goes when the demo ends.
version: 1
listen:
  proxy: 127.0.0.1:${proxyPort}
  admin: 127.0.0.1:${adminPort}
identity:
  issuers:
    - name: demo
      issuer: ${yaml(issuer)}
      audience: [${AUDIENCE}]
  api_keys: { enabled: true }
upstreams:
  - name: models
    url: ${yaml(upstream.url)}${key}${insecure}
    models: ${yaml(upstream.serves)}
policies: [../policies]
store: sqlite:../data/sallyport.db
`
}

function policyText({ small, large }: DemoUpstream): string {
  return `# The demo's policy. Change it and save: the proxy follows at once, and says so in an audit event.
version: 1

roles:
  employee: { members: [{ issuer: demo, group: staff }] }
  analyst: { members: [{ issuer: demo, group: analysts }], includes: [employee] }

models:
  small: [${yaml(small)}, "text-embedding-*"]
  large: [${yaml(large)}]

aliases: { fast: ${yaml(small)} }          # clients may say "fast"

# Nothing is allowed but by a rule, and a deny that matches wins, wherever it stands.
rules:
  - id: employees-see-models
    effect: allow
    roles: [employee]
    operations: [models.list, models.get]

  - id: employees-small
    effect: allow
    roles: [employee]
    models: ["@small"]
    operations: [chat, completions, responses, embeddings]

  - id: analysts-large
    effect: allow
    roles: [analyst]
    models: ["@large"]
    operations: [chat, responses]
    when: { mfa: { max_age: 12h } }
    reason: the large models cost more and see more; a second factor, please

  - id: no-images
    effect: deny
    operations: [chat, responses]
    when: { input: { images: true } }
    reason: pictures stay in the house

tests:
  - name: an employee may use a small model
    as: { user: bob, issuer: demo, groups: [staff] }
    request: { operation: chat, model: ${yaml(small)} }
    expect: { effect: allow, rule: employees-small }
  - name: an employee may not use a large one
    as: { user: bob, issuer: demo, groups: [staff] }
    request: { operation: chat, model: ${yaml(large)} }
    expect: { effect: deny }
`
}
