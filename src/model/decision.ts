import type { Principal } from './identity.ts'
import type { Match } from './match.ts'
import type { ModelFact, OperationName, RequestFacts } from './request.ts'

export type RuleId = string & { readonly __brand: 'RuleId' }

/** The caller as the policy sees it. A described one (`explain`) may leave out what a real one always has: *cannot tell*. */
export type PolicyPrincipal = Pick<
  Principal,
  'groups' | 'roles' | 'workspaces' | 'claims' | 'mfa' | 'acr' | 'authTime' | 'key'
> & { readonly [Key in 'id' | 'issuer' | 'method']: Principal[Key] | undefined }

/** The upstream that would serve the request, for rules that speak of it. */
export interface UpstreamFacts {
  readonly name: string
  readonly region: string | undefined
  readonly labels: { readonly [name: string]: string }
}

/** Everything a decision may depend on: plain facts, with no clock, no I/O and no request object behind them. */
export interface PolicyInput {
  readonly principal: PolicyPrincipal
  readonly operation: OperationName
  readonly model: ModelFact
  readonly stream: boolean
  readonly maxOutputTokens: number | undefined
  readonly tools: RequestFacts['tools']
  readonly input: RequestFacts['input']
  readonly urls: readonly string[]
  /** A request header's value by its lower-case name; undefined when absent or sent more than once. */
  readonly header: (name: string) => string | undefined
  /** The workspace that the caller asked for (`OpenAI-Project`); undefined when it did not. */
  readonly project: string | undefined
  /** Epoch milliseconds. */
  readonly at: number
  /** The client's address as text, after trusted proxies; undefined when it is not known. */
  readonly ip: string | undefined
  readonly upstream: UpstreamFacts | undefined
}

/** One condition that kept a rule from applying: what the rule wants and what the request has. */
export interface Unmet {
  readonly rule: RuleId
  readonly condition: string
  readonly want: string
  readonly got: string
}

export type DecisionReason =
  | 'allowed'
  | 'denied_by_rule'
  | 'step_up_required'
  | 'default_deny'
  | 'role_missing'
  | 'model_not_allowed'
  | 'endpoint_not_allowed'
  | 'workspace_not_allowed'
  | 'condition_unmet'
  | 'ip_not_allowed'
  | 'schedule'
  | 'tool_not_allowed'
  | 'url_not_allowed'

/** What stronger authentication would have to show (RFC 9470): both members may be asked for. */
export interface Challenge {
  readonly acrValues: readonly string[]
  readonly maxAgeSeconds: number | null
}

/** `rule` is the one that decided: null where no rule allowed. `roles` are those held, for the audit event. */
export type Decision =
  | { readonly effect: 'allow'; readonly rule: RuleId; readonly reason: 'allowed'; readonly roles: readonly string[] }
  | {
      readonly effect: 'deny'
      readonly rule: RuleId | null
      readonly reason: DecisionReason
      readonly roles: readonly string[]
    }
  | {
      readonly effect: 'step_up'
      readonly rule: RuleId
      readonly reason: 'step_up_required'
      readonly challenge: Challenge
      readonly roles: readonly string[]
    }

/** A decision with its reasons, for `explain`: slower to make, and always the same effect, rule and reason. */
export interface Explanation {
  readonly decision: Decision
  readonly matched: readonly RuleId[]
  readonly unmet: readonly Unmet[]
}

export type { Match }
