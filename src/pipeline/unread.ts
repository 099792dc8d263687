import { formFieldsOf } from '../endpoints/multipart/forms.ts'
import type { Route } from '../endpoints/route.ts'
import type { HeadInput } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import type { Principal } from '../model/identity.ts'
import { openedBy } from '../model/operations.ts'
import type { RequestHead } from '../model/request.ts'
import { headerReader } from './judge.ts'
import { decisionFault } from './refusals.ts'
import type { Snapshot } from './snapshot.ts'
import type { Trail } from './trail.ts'

/**
 * Why a form is refused before any of it is read: the policy would deny it whatever it says. Callers who may do nothing
 * must not be able to fill the disk that the uploads of others wait on. Null for a form that has to be read first.
 */
export function deniedUnread(
  head: RequestHead,
  principal: Principal,
  { endpoint: { operation } }: Route,
  { policy }: Snapshot,
  trail: Trail,
): Fault | null {
  const began = performance.now()
  const denied = policy.deniedUnread({
    principal,
    operation,
    header: headerReader(head.rawHeaders),
    project: head.project,
    at: trail.startedAt,
    ip: head.clientIp,
    model: modelOf(operation),
  })
  if (denied === null) return null
  const latencyNs = Math.round((performance.now() - began) * 1e6)
  trail.decided({ ...denied, latencyNs })
  return decisionFault(denied.decision, { operation, model: undefined })
}

/** What `describeForm` answers for each form of the operation. */
function modelOf(operation: string): HeadInput['model'] {
  // Its session is read as those of WebSockets are, and names a model.
  if (openedBy(operation) !== null) return null
  switch (formFieldsOf(operation).model) {
    case 'none':
      return { known: null }
    case 'indirect':
      return { known: undefined }
    default:
      return null
  }
}
