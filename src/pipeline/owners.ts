import { BATCH_VERDICTS } from '../endpoints/batch-verdicts.ts'
import type { Decision } from '../model/decision.ts'
import type { ObjectKind } from '../model/objects.ts'
import { type Marker, objectScope, type Sealer } from '../model/sealing.ts'
import { openMarker } from '../shape/mark.ts'
import { openSealer } from '../shape/seal.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'

export interface Caller {
  /** The configured name. */
  readonly issuer: string
  readonly id: string
}

/** True where an upstream keeps its callers apart. */
export const isSealing = ({ settings }: ServingUpstream): boolean => settings.isolation !== 'off'

/** What says that its lines were judged, too. */
const JUDGED_KINDS: ReadonlySet<ObjectKind> = new Set<ObjectKind>(['file', 'batch'])

/** What seals and marks for a caller on one upstream. */
export interface Owner {
  readonly sealer: Sealer
  /** Names of files and containers bear marks. */
  readonly marksNames: boolean
  marker(kind: ObjectKind): Marker
}

/** By the upstreams that keep their callers apart. Null where the keys cannot be read. */
export function ownersOf(
  { workspace }: Pick<Decision, 'workspace'>,
  caller: Caller,
  serving: readonly ServingUpstream[],
  { keyRing }: Snapshot,
): Map<ServingUpstream, Owner> | null {
  const ring = keyRing()
  if (ring === null) return null
  const owners = new Map<ServingUpstream, Owner>()
  for (const upstream of serving) {
    const { isolation, markNames, name } = upstream.settings
    if (isolation === 'off') continue
    const ownership = { upstream: name, isolation, scope: objectScope(isolation, workspace, caller) }
    owners.set(upstream, {
      sealer: openSealer(ring, ownership),
      marksNames: markNames,
      marker: (kind) => openMarker(ring, ownership, kind, JUDGED_KINDS.has(kind) ? BATCH_VERDICTS : []),
    })
  }
  return owners
}
