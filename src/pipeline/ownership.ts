import type { AnswerFormName } from '../endpoints/answer-forms.ts'
import { isKept } from '../endpoints/isolation.ts'
import { showsMarks } from '../endpoints/marked.ts'
import type { Verdicts } from '../endpoints/seal-answer.ts'
import type { Decision } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Sealer } from '../model/sealing.ts'
import type { Edit } from '../shape/edits.ts'
import type { OwnList } from '../shape/own-pages.ts'
import { RequestIds } from '../shape/request-ids.ts'
import type { AskedObjects } from './asked-objects.ts'
import { nameOf, ofEverybody } from './asked-of-everybody.ts'
import { answerVerdicts, restsOnVerdict, withoutVerdict } from './batch-verdict.ts'
import { rowOf } from './isolation-row.ts'
import { listersOf, listOf, type Marking, markingOf, unmarkedFault } from './marking.ts'
import { notFound, type OpenedIds, openIds } from './opened-ids.ts'
import { type Caller, isSealing, type Owner, ownersOf } from './owners.ts'
import { objectsUnavailable } from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'

/** What an upstream that keeps its callers apart is asked, and how it is answered. */
export interface Owned extends OpenedIds, Marking {
  readonly answer: OwnedAnswer
}

export interface OwnedAnswer {
  readonly ids: RequestIds
  /** How the ids in a good answer are sealed; null where they are not. */
  readonly sealing: {
    readonly form: AnswerFormName
    readonly sealer: Sealer
    readonly verdicts: Verdicts | null
  } | null
  /** What an upstream says that does not have an object is answered with; null where the request names none. */
  readonly notFound: Fault | null
  /** The answer may hold marks, which nobody sees. */
  readonly isMarked: boolean
  /** Which objects of an account's list are answered; null where the answer is no such list. */
  readonly list: OwnList | null
}

/** The upstreams that a request can be meant for; `owned` is null where none of them keeps its callers apart. */
export interface Placement {
  readonly serving: readonly ServingUpstream[]
  owned(upstream: ServingUpstream): Owned | null
}

/** True where a request neither makes nor opens anything that another one can name: then every upstream is the same. */
export function isAside(asked: AskedObjects): boolean {
  const { body, noted, store } = asked
  const { endpoint, objects } = asked.found
  if (objects.length > 0 || noted.length > 0 || nameOf(asked) !== null) return false
  if (endpoint.operation === 'chat') return body === null || !isKept(body.value, store)
  return rowOf(endpoint).kind === 'plain'
}

/**
 * Of the upstreams that serve a request those that have what it speaks of: the one that sealed its ids, or where they are
 * raw one that keeps nobody apart. `decision` is an allow for one of them: the workspace is the same for all. In this order:
 * what was judged line by line, what is everybody's, whose marks a request is to bear, whose its ids are, and what the ids
 * in the answer are to say; the first that is wrong is told of.
 *
 * Faults: `object_not_found` for ids that do not open, whatever is wrong with them; `unknown_endpoint` and `invalid_body`
 * for what speaks of the objects of everybody, and for batches of what was not judged; `objects_unavailable`.
 */
export function place(
  asked: AskedObjects,
  decision: Decision,
  caller: Caller,
  candidates: readonly ServingUpstream[],
  snapshot: Snapshot,
): Result<Placement, Fault> {
  const carriers = carriersOf(asked, candidates)
  if (!carriers.ok) return carriers
  const serving = carriers.value
  const open = serving.filter((upstream) => !isSealing(upstream))
  if (open.length === serving.length) return ok(openly(serving))
  const refused = ofEverybody(asked)
  if (refused !== null) return openlyOr(refused, open)
  const unmarked = unmarkedFault(asked, serving)
  if (unmarked !== null) return failed(unmarked)
  const owners = ownersOf(decision, caller, serving, snapshot)
  if (owners === null) return failed(objectsUnavailable)
  const ids = new RequestIds([...owners.values()].map(({ sealer }) => sealer))
  const opened = openIds(asked, ids)
  if (!opened.ok) {
    const unopened = notFound(asked, opened.fault)
    return ids.owner === null ? openlyOr(unopened, open) : failed(unopened)
  }
  const verdicts = answerVerdicts(asked)
  return verdicts.ok ? ok(ownedPlacement(asked, serving, owners, ids, opened.value, verdicts.value)) : verdicts
}

/**
 * The upstreams that can carry a request at all: what rests on a verdict needs one that seals ids, and a list by names one
 * that marks them.
 */
function carriersOf(
  asked: AskedObjects,
  candidates: readonly ServingUpstream[],
): Result<readonly ServingUpstream[], Fault> {
  if (!restsOnVerdict(asked)) return listersOf(asked, candidates)
  const sealing = candidates.filter(isSealing)
  return sealing.length === 0 ? failed(withoutVerdict(asked)) : ok(sealing)
}

/** Nothing is sealed, and nothing opened. */
function openly(serving: readonly ServingUpstream[]): Placement {
  return { serving, owned: nobodys }
}

/** What one that keeps its callers apart would refuse goes to those that do not, where there are some. */
function openlyOr(refused: Fault, open: readonly ServingUpstream[]): Result<Placement, Fault> {
  return open.length > 0 ? ok(openly(open)) : failed(refused)
}

/** The upstreams that have the ids of a request, all of which are opened, and what each of them is asked. */
function ownedPlacement(
  asked: AskedObjects,
  serving: readonly ServingUpstream[],
  owners: ReadonlyMap<ServingUpstream, Owner>,
  ids: RequestIds,
  opened: OpenedIds,
  verdicts: Verdicts | null,
): Placement {
  const { owner } = ids.settle()
  return {
    serving: owner === null ? serving : serving.filter(({ settings }) => settings.name === owner.upstream),
    owned: (upstream) => {
      const owned = owners.get(upstream)
      if (owned === undefined) return null
      return { ...opened, ...markingOf(asked, owned), answer: answerOf(asked, ids, owned, verdicts) }
    },
  }
}

const nobodys = (): null => null

function answerOf(asked: AskedObjects, ids: RequestIds, owner: Owner, verdicts: Verdicts | null): OwnedAnswer {
  const { endpoint } = asked.found
  const row = rowOf(endpoint)
  const { sealer } = owner
  const list = row.kind === 'sealed' ? listOf(endpoint.operation, owner) : null
  // What the ids in a list say the list itself knows.
  const known = list === null ? verdicts : (_key: string, _depth: number, id: string) => list.judged.get(id) ?? null
  // The bytes of a file are the caller's own: an id in them is none of ours.
  const sealing = row.kind === 'sealed' && !endpoint.bytes ? { form: row.form, sealer, verdicts: known } : null
  const isMarked = showsMarks(endpoint.operation)
  return { ids, sealing, notFound: ids.owner === null ? null : notFound(asked), isMarked, list }
}

/** What opens the ids in a body, and marks what it makes. */
export function bodyEdits({ edits, marking }: Owned): readonly Edit[] {
  return marking === null ? edits : [...edits, marking]
}
