/** What is wrong with a credential. */
export type RejectReason =
  | 'malformed'
  | 'expired'
  | 'not_yet_valid'
  | 'bad_signature'
  | 'unknown_kid'
  | 'wrong_aud'
  | 'wrong_iss'
  | 'wrong_type'
  | 'alg_not_allowed'
  | 'claim_missing'
  | 'unknown_key'
  | 'revoked'
  | 'inactive'
  | 'unknown_authority'
  | 'ambiguous'
  | 'proof_missing'
  | 'proof_invalid'
  | 'proof_replayed'
  | 'unsupported_scheme'
  | 'network_not_allowed'
  | 'unknown_user'
  | 'ambiguous_user'
  | 'wrong_password'
  | 'wrong_code'
  | 'account_disabled'
  | 'account_expired'
  | 'account_locked'
  | 'password_expired'
  | 'logon_restricted'
  | 'throttled'
  | 'sign_in_denied'
  | 'sign_in_refused'
  | 'sign_in_too_weak'
  | 'wrong_state'
  | 'wrong_nonce'
  | 'wrong_subject'
  | 'unsolicited'
  | 'wrong_recipient'
  | 'replayed'

/** Why nobody can tell right now whether a credential is good. */
export type UnavailableReason =
  | 'jwks_unavailable'
  | 'directory_unavailable'
  | 'provider_unavailable'
  | 'client_refused'
  | 'introspection_unavailable'
  | 'revocations_unavailable'
  | 'store_unavailable'
  | 'store_corrupt'
  | 'busy'

/** How the policy decided. */
export type DecisionReason =
  | 'allowed'
  | 'denied_by_rule'
  | 'step_up_required'
  | 'default_deny'
  | 'role_missing'
  | 'model_not_allowed'
  | 'key_model_not_allowed'
  | 'endpoint_not_allowed'
  | 'workspace_not_allowed'
  | 'condition_unmet'
  | 'ip_not_allowed'
  | 'schedule'
  | 'tool_not_allowed'
  | 'url_not_allowed'

/** What is wrong with a request, or with what the proxy needs for it, where the fault's code does not say enough. */
export type FaultReason =
  | 'missing'
  | 'ambiguous'
  | 'head_malformed'
  | 'origin_not_allowed'
  | 'token_too_large'
  | 'body_invalid'
  | 'duplicate_key'
  | 'body_too_large'
  | 'body_budget'
  | 'batch_not_judged'
  | 'model_not_found'
  | 'object_not_found'
  | 'object_not_allowed'
  | 'transform_not_applicable'
  | 'audit_unavailable'
  | 'sealing_keys_unavailable'
  | 'spool_budget'
  | 'spool_unavailable'
  | 'session_limit'
  | 'session_too_long'
  | 'messages_refused'
  | 'frame_malformed'
  | 'updates_unanswered'
  | 'control_frames'
  | 'policy_changed'
  | 'upstream_changed'
  | 'upstream_timeout'
  | 'upstream_reset'
  | 'upstream_closed'
  | 'upstream_redirect'
  | 'upstream_401'
  | 'bad_stream'
  | 'client_closed'

/** How an upstream says that an answer is not all that it would have been. */
export const CUT_REASONS = [
  'length',
  'max_output_tokens',
  'max_tokens',
  'model_context_window_exceeded',
  'content_filter',
  'refusal',
  'incomplete',
] as const
export type CutReason = (typeof CUT_REASONS)[number]

/**
 * Why a request, or a message of a session, ended as it did: `event.reason`, where that is not the code of the error itself.
 * Each one stands in `docs/errors.md`.
 */
export type Reason =
  | RejectReason
  | UnavailableReason
  | DecisionReason
  | FaultReason
  | CutReason
  | 'upstream_4xx'
  | 'upstream_5xx'
