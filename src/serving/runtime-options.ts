import type { Environment } from '../config/secrets.ts'
import type { Diagnostics } from './diagnostics.ts'
import type { Loading, Sound } from './reload.ts'

export interface RuntimeOptions {
  readonly file: string
  readonly env: Environment
  readonly auditFd: number
  /** Epoch milliseconds just before `loading` was read. */
  readonly loadedAt: number
  readonly loading: Loading
  readonly sound: Sound
  readonly diagnostics: Diagnostics
}
