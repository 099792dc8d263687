import type { AnswerKind } from '../endpoints/endpoint.ts'
import type { BodyShape, Decision, HeadInput, PolicyInput, ShadowPolicy, UnreadDenial } from '../model/decision.ts'
import type { Credential, Verification } from '../model/identity.ts'
import type { Settings } from '../model/settings.ts'
import type { Obligations } from '../model/transforms.ts'
import type { KeyRing } from '../shape/seal.ts'
import type { AnswerShape } from '../upstream/answer-shape.ts'
import type { ListedModel } from '../upstream/model-list.ts'
import type { Upstream } from '../upstream/pools.ts'

/** The compiled policy, as far as a request needs it. */
export interface DecidingPolicy {
  /** `sha256:…` of the files that it was compiled from. */
  readonly digest: string
  /** Some rule has a condition on the upstream: then each candidate is decided by itself. */
  readonly speaksOfUpstream: boolean
  /** The bodies that its rules tell apart, the plainest first. */
  readonly bodyShapes: readonly BodyShape[]
  decide(input: PolicyInput): Decision
  /** The denial of a request whatever its body is; null where one could be allowed. */
  deniedUnread(head: HeadInput): UnreadDenial | null
  /** The decision as if the rules in shadow mode were enforced, too; null where there are none. */
  readonly shadow: ShadowPolicy | null
  /** What is done to the body of a request that is allowed; null for nothing. */
  obligations(input: PolicyInput): Obligations | null
  resolveModel(name: string): { readonly model: string; readonly alias: string | null }
}

/** An upstream with what the pipeline asks of it. */
export interface ServingUpstream extends Upstream {
  readonly models: () => Promise<readonly ListedModel[]>
  readonly answerShape: (answer: AnswerKind, stripUsage: boolean) => AnswerShape
}

/**
 * Everything that one request is judged by, frozen: read once when the request arrives and used to its end, so that a
 * reload never tears a decision.
 */
export interface Snapshot {
  readonly settings: Settings
  readonly policy: DecidingPolicy
  /** `client`: the caller's address, where it is known. */
  readonly authenticate: (credential: Credential, client?: string) => Verification | Promise<Verification>
  /** The keys that seal the ids of stored objects, as they are now; null where they cannot be read. */
  readonly keyRing: () => KeyRing | null
  /** The address of the page on which people sign in; null where there is none. */
  readonly signIn: () => string | null
  /** In the order in which they are tried. */
  readonly upstreams: readonly ServingUpstream[]
}
