import type { RejectReason } from '../../model/reasons.ts'
import type { ConnectFailure } from './transport.ts'

/** Why a directory cannot be asked. These stand in `directory-failed` events, but for `busy`. */
export type SearchFailure =
  | ConnectFailure
  | 'busy'
  | 'service_bind_refused'
  | 'search_refused'
  | 'base_missing'
  | 'answer_refused'
  | 'too_many'

/** What comes of a person: the person is refused, or nobody can tell. */
export type DirectoryFault = { readonly rejected: RejectReason } | { readonly failure: SearchFailure }
