import type { AuditEvent, AuditLog, AuditRequest } from '../../model/audit.ts'
import type { Credential, Verification } from '../../model/identity.ts'
import type { Clock } from '../../model/ports.ts'
import type { RequestHead } from '../../model/request.ts'
import type {
  PageAnswer,
  PageRequest,
  Route,
  SecondFactorChecks,
  SignInProvider,
  SignInStanding,
  StateSealer,
  TokenIssuer,
} from '../../model/sign-in.ts'
import type { EndedAttempts } from './attempts.ts'
import type { DeviceApprovals, PageFrame } from './purpose.ts'

/** Who proves passwords: one way for a request and for a page. */
export interface PasswordWay {
  /** Names of the sources, the one that a plain name goes to first. */
  readonly sources: readonly string[]
  authenticate(credential: Credential, client?: string): Verification | Promise<Verification>
}

/** The parts of a sign-in, as the config asks for them. */
export interface SignInParts {
  readonly issuer: TokenIssuer
  readonly sealer: StateSealer
  readonly providers: readonly SignInProvider[]
  /** Null where nobody has a password here. */
  readonly passwords: PasswordWay | null
  /** Null where nobody has a second factor here. */
  readonly secondFactors: SecondFactorChecks | null
  /** Absent where no account can end. */
  readonly standing?: SignInStanding
  /** Null where no terminal can be signed in. */
  readonly device: DeviceApprovals | null
  /** Pages that are built elsewhere. */
  readonly more: readonly MoreRoutes[]
}

export interface SignInPorts {
  readonly audit: AuditLog
  readonly clock: Clock
  /** How a request stands in its events. */
  readonly describe: (head: RequestHead) => AuditRequest
  readonly bug: (cause: unknown, requestId: string) => void
  /** It outlives a reload. */
  readonly ended: EndedAttempts
  /** How long a form may take. Milliseconds. */
  readonly bodyMs: () => number
  /** Counts an answer by its status. */
  readonly answered: (status: number, seconds: number) => void
  /** Random bytes as text; the platform's where it is absent. */
  readonly random?: () => string
}

/** A request of a page that knows how events name it. */
export interface Visit extends PageRequest {
  readonly asked: AuditRequest
}

export interface OwnRoute extends Omit<Route, 'handle'> {
  /** It tells of nobody, and nothing comes of it: it is answered whether or not the audit can be written. */
  readonly isPublic?: true
  handle(visit: Visit): Promise<PageAnswer>
}

/** Pages and resources that stand beside those of the frame. */
export type MoreRoutes = (frame: PageFrame) => readonly OwnRoute[]

/** Writes an event before what it tells of is done; false where it could not be written. */
export function written(audit: AuditLog, event: AuditEvent): Promise<boolean> {
  return new Promise((resolve) => audit.commit(event, resolve))
}
