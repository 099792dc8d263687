import type { JsonValue } from '../model/json.ts'
import type { NotBuilt } from '../schema/shape.ts'

type Path = readonly (string | number)[]

const KEYS = new Set([
  'listen.tls.client_ca',
  'listen.cors',
  'identity.mtls',
  'identity.issuers.introspection',
  'audit.recipients',
  'audit.integrity',
  'telemetry.otlp',
])

const isText = (pattern: RegExp) => (value: JsonValue) => typeof value === 'string' && pattern.test(value)

const VALUES: ReadonlyMap<string, (value: JsonValue) => boolean> = new Map([
  ['listen.workers', (value) => value === 'auto' || (Number.isSafeInteger(value) && Number(value) > 1)],
  ['upstreams.kind', isText(/^azure$/)],
  ['counters.url', isText(/^rediss?:/)],
  ['counters.on_failure', isText(/^local$/)],
  ['audit.format', isText(/^(?:ocsf|splunk|datadog)$/)],
  ['audit.content', isText(/^(?:hash|redacted|sealed|full)$/)],
  ['audit.ledger.enabled', (value) => value === true],
  ['audit.ledger.legal_hold', (value) => value === true],
])

const dotted = (path: Path) => path.filter((step) => typeof step === 'string').join('.')

/** The keys and values of a config that the contract names and this release does not carry. */
export const notBuiltConfig: NotBuilt = {
  key: (path) => KEYS.has(dotted(path)),
  value: (path, value) => VALUES.get(dotted(path))?.(value) ?? false,
}
