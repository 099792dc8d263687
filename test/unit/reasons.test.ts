import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FAULTS } from '../../src/http/errors.ts'
import type { Reason } from '../../src/model/reasons.ts'

/** All of them: the compiler asks for each one, and for no other. */
const REASONS: { readonly [Name in Reason]: true } = {
  account_disabled: true,
  account_expired: true,
  account_locked: true,
  alg_not_allowed: true,
  allowed: true,
  ambiguous: true,
  ambiguous_user: true,
  audit_unavailable: true,
  bad_signature: true,
  bad_stream: true,
  batch_not_judged: true,
  body_budget: true,
  body_invalid: true,
  body_too_large: true,
  busy: true,
  claim_missing: true,
  client_closed: true,
  client_refused: true,
  condition_unmet: true,
  content_filter: true,
  control_frames: true,
  default_deny: true,
  denied_by_rule: true,
  directory_unavailable: true,
  duplicate_key: true,
  endpoint_not_allowed: true,
  expired: true,
  frame_malformed: true,
  head_malformed: true,
  inactive: true,
  incomplete: true,
  introspection_unavailable: true,
  ip_not_allowed: true,
  jwks_unavailable: true,
  key_model_not_allowed: true,
  length: true,
  logon_restricted: true,
  malformed: true,
  max_output_tokens: true,
  max_tokens: true,
  messages_refused: true,
  missing: true,
  model_context_window_exceeded: true,
  model_not_allowed: true,
  model_not_found: true,
  network_not_allowed: true,
  not_yet_valid: true,
  object_not_allowed: true,
  object_not_found: true,
  origin_not_allowed: true,
  password_expired: true,
  policy_changed: true,
  provider_unavailable: true,
  proof_invalid: true,
  proof_missing: true,
  proof_replayed: true,
  refusal: true,
  replayed: true,
  revocations_unavailable: true,
  revoked: true,
  role_missing: true,
  schedule: true,
  sealing_keys_unavailable: true,
  session_limit: true,
  session_too_long: true,
  sign_in_denied: true,
  sign_in_refused: true,
  sign_in_too_weak: true,
  spool_budget: true,
  spool_unavailable: true,
  step_up_required: true,
  store_corrupt: true,
  store_unavailable: true,
  throttled: true,
  token_too_large: true,
  tool_not_allowed: true,
  transform_not_applicable: true,
  unknown_authority: true,
  unknown_key: true,
  unknown_kid: true,
  unknown_user: true,
  unsolicited: true,
  unsupported_scheme: true,
  updates_unanswered: true,
  upstream_401: true,
  upstream_4xx: true,
  upstream_5xx: true,
  upstream_changed: true,
  upstream_closed: true,
  upstream_redirect: true,
  upstream_reset: true,
  upstream_timeout: true,
  url_not_allowed: true,
  workspace_not_allowed: true,
  wrong_aud: true,
  wrong_code: true,
  wrong_iss: true,
  wrong_nonce: true,
  wrong_password: true,
  wrong_state: true,
  wrong_subject: true,
  wrong_recipient: true,
  wrong_type: true,
}

const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8')

/** The names in the first cell of each row of the page's table of reasons, and those in the last one. */
function rowsOf(text: string): { names: string[]; codes: string[] }[] {
  const [, table = ''] = text.split('## Reasons')
  const rows = [...table.matchAll(/^\| (`[^|]+) \| [^|]+ \| ?([^|]*)\|$/gm)]
  const words = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word)
  return rows.map(([, names, codes]) => ({ names: words(names), codes: words(codes) })).slice(1)
}

/** What is missing either way: in the page, or in the program. */
function differing(text: string, reasons: readonly string[]): string[] {
  const named = rowsOf(text).flatMap(({ names }) => names)
  const twice = named.filter((name, index) => named.indexOf(name) !== index)
  const unknown = named.filter((name) => !reasons.includes(name))
  return [...twice, ...unknown, ...reasons.filter((reason) => !named.includes(reason))]
}

t.test('every reason stands in the page on errors, once, and no other one', async (t) => {
  const reasons = Object.keys(REASONS)
  t.same(differing(page, reasons), [])
  t.same(differing(page, [...reasons, 'new_reason']), ['new_reason'], 'the twin: one that the page lacks')
  t.same(differing(page, reasons.slice(1)), reasons.slice(0, 1), 'the twin: one that the program lacks')
})

t.test('beside each reason stand codes of the table', async (t) => {
  const codes = rowsOf(page).flatMap((row) => row.codes)
  t.ok(codes.length > 50, 'there are some')
  t.same(
    codes.filter((code) => !Object.hasOwn(FAULTS, code)),
    [],
  )
})
