import type { AuditEvent, AuditLog } from '../model/audit.ts'
import type { Clock } from '../model/ports.ts'
import type { KeyEvent } from '../stores/key-events.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { Claimed, Outbox } from '../stores/outbox.ts'
import type { UserEvent } from '../stores/user-events.ts'
import type { Mode } from '../stores/work.ts'
import { keyEvent } from './key-event.ts'
import { userEvent } from './user-event.ts'

/** The part of the key store that is looked at. */
export type StoreInUse = Pick<KeyStore, 'outbox' | 'userEvents' | 'fault' | 'writeUses'>

export interface KeyEventPorts {
  /** Null while nothing has asked for the store. */
  readonly store: () => StoreInUse | null
  readonly audit: Pick<AuditLog, 'commit' | 'writable'>
  readonly clock: Clock
  readonly diagnostics: { info(message: string): void; error(message: string, details?: object): void }
}

const LOOK_EVERY_MS = 5000
/** A start that fails ends before this: its stdout may be a terminal's, and an event is audited only once. */
const FIRST_LOOK_MS = 1000
/** A store that other processes hold for longer is told of. */
const BUSY_LOOKS = 3

/** The events of one outbox, in their order. */
class Following<Event> {
  readonly #render: (event: Claimed<Event>) => AuditEvent
  readonly #ports: KeyEventPorts
  /** Written, but the store could not be told so. */
  #unsettled: Claimed<Event> | null = null

  constructor(render: (event: Claimed<Event>) => AuditEvent, ports: KeyEventPorts) {
    this.#render = render
    this.#ports = ports
  }

  /** Writes what is due, while `goesOn`. Rejects when the store fails. */
  async writeDue(outbox: Outbox<Mode, Event>, goesOn: () => boolean): Promise<void> {
    const { audit, clock } = this.#ports
    if (this.#unsettled !== null) await outbox.settle(this.#unsettled, clock())
    this.#unsettled = null
    while (goesOn() && audit.writable) {
      const event = await outbox.claim(clock())
      if (event === null || !(await this.#write(event, outbox))) return
    }
  }

  /** False when the event could not be written and stays. Rejects when the store fails. */
  #write(event: Claimed<Event>, outbox: Outbox<Mode, Event>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#ports.audit.commit(this.#render(event), (accepted) => {
        const done = () => {
          this.#unsettled = null
          resolve(accepted)
        }
        try {
          // Asked at once, not after an await: the store may be closed by then, which waits for what was asked.
          if (accepted) this.#unsettled = event
          const told = accepted ? outbox.settle(event, this.#ports.clock()) : outbox.giveBack(event)
          if (told instanceof Promise) told.then(done, reject)
          else done()
        } catch (cause) {
          reject(cause)
        }
      })
    })
  }
}

/**
 * Audits what commands have done to keys, users and tokens: they are other processes, which leave their events in the store,
 * as this one does. They are written in their order, and each is settled only when the audit has it. Of several proxies on
 * one store one writes each event; those that happened while none ran are written by the next.
 *
 * At least once, not exactly: an event stands twice in the audit when the process dies between its line and its settling,
 * when its line had to be completed after it was given up, or when the store is restored from a backup. Action and key id
 * tell that it is one.
 *
 * The same look writes when keys were last used, and says when the store is not to be used any more. Nothing here ever
 * throws, waits for another process or keeps the process alive.
 */
export class KeyEventFollower {
  readonly #ports: KeyEventPorts
  #timer: NodeJS.Timeout | null = null
  #isClosed = false
  #isFailing = false
  #busyLooks = 0
  readonly #keys: Following<KeyEvent>
  readonly #users: Following<UserEvent>

  constructor(ports: KeyEventPorts) {
    this.#ports = ports
    this.#keys = new Following(keyEvent, ports)
    this.#users = new Following(userEvent, ports)
  }

  start(): void {
    this.#plan(FIRST_LOOK_MS)
  }

  /** After this no event is begun; one that waits for its line is settled when that is answered. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** The last one, before the store is closed. */
  async writeUses(): Promise<void> {
    try {
      await this.#ports.store()?.writeUses()
    } catch {
      // When a key was last used is a convenience.
    }
  }

  /** Writes all that is due now. Not while another look is under way. */
  async look(): Promise<void> {
    const store = this.#ports.store()
    if (store === null || this.#isClosed) return
    try {
      const fault = store.fault()
      if (fault === null) {
        const goesOn = () => !this.#isClosed
        await this.#keys.writeDue(store.outbox, goesOn)
        await this.#users.writeDue(store.userEvents, goesOn)
        await store.writeUses()
      }
      this.#busyLooks = 0
      this.#report(fault)
    } catch (cause) {
      // Another process writes just now: the next look finds it done.
      if (codeOf(cause).startsWith('SQLITE_BUSY') && ++this.#busyLooks < BUSY_LOOKS) return
      this.#report(`the key store cannot be used (${codeOf(cause)}): events of keys wait in it`)
    }
  }

  #plan(delayMs: number): void {
    this.#timer = setTimeout(async () => {
      await this.look()
      if (!this.#isClosed) this.#plan(LOOK_EVERY_MS)
    }, delayMs)
    this.#timer.unref()
  }

  /** One sentence an outage, however long it is and whatever else goes wrong meanwhile. */
  #report(failure: string | null): void {
    const { diagnostics } = this.#ports
    if (failure !== null && !this.#isFailing) diagnostics.error(failure)
    if (failure === null && this.#isFailing) diagnostics.info('the key store can be used again')
    this.#isFailing = failure !== null
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'it is not open or not readable'
}
