import { randomBytes } from 'node:crypto'
import { type Mint, sessionOf, transcribes } from '../endpoints/realtime/mints.ts'
import { hasPrompt } from '../endpoints/realtime/told-session.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { UpstreamRequest } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { keepsSealingKeys } from '../model/sealing.ts'
import type { Secret } from '../model/secret.ts'
import type { Obligations } from '../model/transforms.ts'
import { LONGEST } from '../shape/minted-answer.ts'
import { mintEdits } from '../shape/minted-session.ts'
import { shapeRequest } from '../shape/request.ts'
import type { KeyRing } from '../shape/seal.ts'
import { NONCE_BYTES, type SessionGrant, sealSessionSecret } from '../shape/session-secret.ts'
import { decideMint, type MintDecisions, type MintRequest } from './mint-decision.ts'
import { isSealing } from './owners.ts'
import { presented } from './presented.ts'
import {
  noPlaceForText,
  objectRefused,
  objectsUnavailable,
  promptRefused,
  storedRefused,
  unplacedRefused,
} from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'
import type { Trail } from './trail.ts'

/** A session that is allowed to be set up, and what its secret is to grant. */
export interface Minted {
  readonly upstream: ServingUpstream
  readonly request: UpstreamRequest
  readonly minting: Minting
}

/** What makes of a provider's secret one of the proxy's own. */
export interface Minting {
  readonly mint: Mint
  /** The one that was decided; null where none was named. */
  readonly model: string | null
  /** Epoch milliseconds after which the caller's credential is void; null where it is not known to be. */
  readonly until: number | null
  /** True where the session may be one of a model that nobody has named. */
  readonly mayBe: (model: string) => boolean
  readonly seal: (provider: Pick<SessionGrant, 'providerSecret' | 'told' | 'expiresAt'>) => Secret | null
}

/**
 * A session that is to be set up for a secret: decided twice, as what it is and as what the secret opens, for one upstream,
 * and made what the policy's transforms ask for.
 *
 * Faults: those of the policy; `invalid_body` for a stored object where callers are kept apart; `invalid_request` for a
 * credential that is too long; `objects_unavailable`, or `unknown_endpoint` where nothing could ever be sealed.
 */
export function minted(asked: MintRequest, snapshot: Snapshot, trail: Trail): Result<Minted, Fault> {
  const { facts, alias, found, body, mint, head } = asked
  const decisions = decideMint(asked, snapshot, trail)
  if (!decisions.ok) return decisions
  const { upstream, opening } = decisions.value
  const [object] = isSealing(upstream) ? facts.objects : []
  if (object !== undefined) return failed(objectRefused(object.key, 'session'))
  const obligations = snapshot.policy.obligations(opening)
  const unplaced = obligations === null ? null : withoutPlace(asked, obligations)
  if (unplaced !== null) return failed(unplaced)
  if (obligations !== null) trail.obliged(obligations.names)
  const minting = mintingOf(asked, decisions.value, snapshot)
  if (!minting.ok) return minting
  const { model } = opening
  const request = shapeRequest({
    route: found,
    body,
    facts,
    model,
    alias: null,
    obligations: null,
    opening: mintEdits(body, mint, alias !== null && typeof model === 'string' ? model : null, obligations),
    basePath: upstream.basePath,
    apiKey: upstream.settings.apiKey,
    messageHead: null,
    traceparent: head.traceparent,
  })
  return ok({ upstream, request, minting: minting.value })
}

/** Why a transform that the policy wants cannot be made in a session that is set up; null where it can. */
function withoutPlace({ body, mint, facts }: MintRequest, { set, prepend, unplaced }: Obligations): Fault | null {
  if (unplaced) return unplacedRefused(facts.operation, unplaced)
  const session = sessionOf(body.value, mint)
  if (transcribes(body.value, mint)) {
    if (prepend !== null) return noPlaceForText
    return set.max_output_tokens === undefined ? null : unplacedRefused(facts.operation, ['set.max_output_tokens'])
  }
  const isPrompted = hasPrompt(body.value) || (session !== null && hasPrompt(session))
  return prepend !== null && isPrompted ? promptRefused : null
}

/** What the secret is to grant, if it can be sealed at all: nothing is asked of the upstream in vain. */
function mintingOf(
  { head, facts, mint, alias, expiresAt, input }: MintRequest,
  { upstream, opening, mayBe }: MintDecisions,
  { settings, keyRing }: Snapshot,
): Result<Minting, Fault> {
  const ring = keyRing()
  if (ring === null) return failed(keepsSealingKeys(settings) ? objectsUnavailable : withoutKeys(facts.operation))
  const credential = presented(head, { settings })
  if (!credential.ok) return credential
  const isBound = Object.hasOwn(input.principal.claims, 'cnf')
  if (credential.value.kind === 'certificate' || isBound) return failed(bound)
  const { name, url } = upstream.settings
  const grant = {
    operation: mint.opens,
    upstream: { name, url },
    model: typeof opening.model === 'string' ? opening.model : null,
    alias,
    project: head.project ?? null,
    credential: credential.value,
  }
  const seal: Minting['seal'] = (provider) => sealed(ring, { ...grant, ...provider })
  if (seal({ ...LONGEST, expiresAt: Number.MAX_SAFE_INTEGER }) === null) return failed(tooLong)
  return ok({ mint, model: grant.model, until: expiresAt === null ? null : expiresAt * 1000, mayBe, seal })
}

function sealed(ring: KeyRing, grant: SessionGrant): Secret | null {
  return sealSessionSecret(ring, grant, randomBytes(NONCE_BYTES))
}

function withoutKeys(operation: string): Fault {
  return storedRefused(
    operation,
    'a secret is sealed by a key of the store, and there is none without `api_keys` and with `isolation: off` everywhere',
  )
}

const bound: Fault = fault(
  'invalid_request',
  'a secret stands for a credential that can be presented anew, and a client certificate or a bound token cannot: ask with another token or an API key',
  { param: 'authorization', reason: 'head_malformed' },
)

const tooLong: Fault = fault(
  'invalid_request',
  'the credential is too long to be sealed into a secret that fits a header: ask with a shorter one, such as an API key',
  { param: 'authorization', reason: 'head_malformed' },
)
