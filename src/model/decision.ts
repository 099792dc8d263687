import type { Principal } from './identity.ts'
import type { Match } from './match.ts'
import type { DecisionReason } from './reasons.ts'
import type { ModelFact, OperationName, RequestFacts } from './request.ts'

export type RuleId = string & { readonly __brand: 'RuleId' }

/** The caller as the policy sees it. A described one (`explain`) may leave out what a real one always has: *cannot tell*. */
export type PolicyPrincipal = Pick<
  Principal,
  'groups' | 'roles' | 'workspaces' | 'claims' | 'mfa' | 'acr' | 'authTime' | 'key' | 'models'
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
  /** Something stored may bring more tools, hosts and input than the facts say. Absent means that nothing does. */
  readonly storedSettings?: boolean
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

/** What the head of a request tells of the facts of its decision. */
export interface HeadInput extends Pick<PolicyInput, 'principal' | 'operation' | 'header' | 'project' | 'at' | 'ip'> {
  /** Null where the body says it; an operation may have none whatever its body is. */
  readonly model: { readonly known: ModelFact } | null
}

/** What a body is, as far as some rule asks about it. */
export interface BodyShape {
  readonly stream: boolean
  readonly images: boolean
  readonly files: boolean
  readonly audio: boolean
}

/** A denial that no body would change, with what the shadow rules make of it. */
export interface UnreadDenial {
  readonly decision: Extract<Decision, { effect: 'deny' }>
  readonly shadow: ShadowVerdict | null
}

/** One condition that kept a rule from applying: what the rule wants and what the request has. */
export interface Unmet {
  readonly rule: RuleId
  readonly condition: string
  readonly want: string
  readonly got: string
}

/** What stronger authentication would have to show (RFC 9470): both members may be asked for. */
export interface Challenge {
  readonly acrValues: readonly string[]
  readonly maxAgeSeconds: number | null
}

/** What the policy found of the caller, for the audit event. */
export interface Standing {
  readonly roles: readonly string[]
  /**
   * The workspace that the request was decided in. Undefined where its principal is in none that the policy knows; null
   * where it is in several and the request names none of them.
   */
  readonly workspace?: string | null | undefined
}

/** `rule` is the one that decided: null where no rule allowed. */
export type Decision = Standing &
  (
    | { readonly effect: 'allow'; readonly rule: RuleId; readonly reason: 'allowed' }
    | { readonly effect: 'deny'; readonly rule: RuleId | null; readonly reason: DecisionReason }
    | {
        readonly effect: 'step_up'
        readonly rule: RuleId
        readonly reason: 'step_up_required'
        readonly challenge: Challenge
      }
  )

/** What would have been decided if the shadow rules were enforced, too. Nothing follows from it. */
export type ShadowVerdict = Pick<Decision, 'effect' | 'rule' | 'reason'>

/** The decision under all rules, those in shadow mode among them, of a policy that has some. */
export interface ShadowPolicy {
  /** As in the policy itself, but of all rules. */
  readonly speaksOfUpstream: boolean
  readonly decide: (input: PolicyInput) => Decision
  /** The verdict of the second decision, where a shadow rule made it or it has another effect than the first; else null. */
  readonly verdict: (enforced: Decision, shadow: Decision) => ShadowVerdict | null
}

/** A decision with its reasons, for `explain`: slower to make, and always the same effect, rule and reason. */
export interface Explanation {
  readonly decision: Decision
  /** Null where there is no shadow rule that would change the decision or make it itself. */
  readonly shadow: ShadowVerdict | null
  /** What is done to the request when it is allowed: `transform:ID`. */
  readonly obligations: readonly string[]
  readonly matched: readonly RuleId[]
  readonly unmet: readonly Unmet[]
}

export type { Match }
