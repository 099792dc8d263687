import { boundaryOf } from '../endpoints/multipart/boundary.ts'
import { type Form, FormReader } from '../endpoints/multipart/form.ts'
import { type Fault, fault } from '../model/fault.ts'
import type { BodyAllowance, ClientExchange, UploadSpool } from '../model/ports.ts'
import type { RequestHead } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { ListenSettings } from '../model/settings.ts'
import type { FormField } from '../shape/open-form.ts'
import type { BodyBudget, OpenAllowance } from './body-budget.ts'

/** What a form takes of the memory whatever is in it: what is written to the disk and what is read from it at a time. */
const HELD_BYTES = 128 * 1024

/** What is bounded of all requests of this process, and where the files of forms are kept. */
export interface HoldingPorts {
  /** The request bodies in memory. */
  readonly bodies: BodyBudget
  /** The files of forms on disk. */
  readonly spooled: BodyBudget
  readonly openSpool: (folder: string, allowance: BodyAllowance) => UploadSpool
}

/** What one request holds of the process until it is over. */
export class Holding {
  readonly memory: OpenAllowance
  readonly #ports: HoldingPorts
  readonly #caller: string
  readonly #kept: { readonly spool: UploadSpool; readonly room: OpenAllowance }[] = []

  constructor(ports: HoldingPorts, caller: string) {
    this.memory = ports.bodies.open(caller)
    this.#ports = ports
    this.#caller = caller
  }

  /** One for each file that is kept. */
  openSpool(folder: string): UploadSpool {
    const room = this.#ports.spooled.open(this.#caller)
    const spool = this.#ports.openSpool(folder, room)
    this.#kept.push({ spool, room })
    return spool
  }

  /** One file is needed no longer: it counts no more as soon as it is gone. */
  drop(spool: UploadSpool): void {
    const kept = this.#kept.find((one) => one.spool === spool)
    if (kept !== undefined) void spool.dispose().then(() => kept.room.release())
  }

  /** What is on disk counts until it is gone from there, and so does what a disk that is slow has yet to write. */
  release(): void {
    const disposals = this.#kept.splice(0).map(({ spool, room }) => spool.dispose().then(() => room.release()))
    if (disposals.length === 0) this.memory.release()
    else void Promise.all(disposals).then(() => this.memory.release())
  }
}

/** A form that is there whole: what it says, and where its files are. */
export interface UploadedForm {
  readonly form: Form
  readonly spool: UploadSpool
  /** Where its file holds requests: the verdict on them. Null before there is one, and for any other file. */
  readonly judgedFor: string | null
}

/**
 * Reads the body of a request as a form while it comes in; nothing of it goes anywhere before all of it is there.
 *
 * Faults: those of the body's framing and limits, of a form that is none, and of what may be kept.
 */
export async function readForm(
  head: RequestHead,
  exchange: ClientExchange,
  { maxUploadBytes, spool: folder, timeouts }: ListenSettings,
  holding: Holding,
): Promise<Result<UploadedForm, Fault>> {
  const boundary = boundaryOf(head.contentType)
  if (!boundary.ok) return boundary
  const full = holding.memory.take(HELD_BYTES)
  if (full) return failed(full)
  const spool = holding.openSpool(folder)
  const reader = new FormReader(boundary.value)
  const limits = { bytes: maxUploadBytes, idleMs: timeouts.bodyMs, totalMs: timeouts.uploadMs, untaken: diskLate }
  const unread = await exchange.readPieces(head.contentLength, limits, (piece) =>
    takePiece(piece, reader, spool, holding.memory),
  )
  if (unread) return failed(unread)
  const form = reader.end()
  return form.ok ? ok({ form: form.value, spool, judgedFor: null }) : form
}

/** The fields of a form, as far as ids are opened in them. */
export function fieldsOf({ form }: UploadedForm): FormField[] {
  return form.parts.flatMap((part) => (part.kind === 'field' ? [{ name: part.head.name, text: part.text }] : []))
}

export function filenamesOf({ form }: UploadedForm): string[] {
  return form.parts.flatMap(({ kind, head }) => (kind === 'file' ? [head.filename ?? ''] : []))
}

/** What is of a file goes to the spool; all else stays in memory, and is counted there. */
function takePiece(
  piece: Buffer,
  reader: FormReader,
  spool: UploadSpool,
  memory: BodyAllowance,
): Fault | null | Promise<Fault | null> {
  const kept = reader.push(piece)
  if (!kept.ok) return kept.fault
  const inMemory = kept.value.reduce((bytes, { length }) => bytes - length, piece.length)
  const full = inMemory > 0 ? memory.take(inMemory) : null
  return full ?? writeFrom(0, kept.value, spool)
}

/** Waits only where the spool asks for it. */
function writeFrom(first: number, pieces: readonly Buffer[], spool: UploadSpool): Fault | null | Promise<Fault | null> {
  for (const [index, bytes] of pieces.entries()) {
    if (index < first) continue
    const written = spool.write(bytes)
    if (written instanceof Promise) return written.then((fault) => fault ?? writeFrom(index + 1, pieces, spool))
    if (written) return written
  }
  return null
}

const diskLate: Fault = fault('overloaded', 'the upload could not be kept in time: try again later', {
  reason: 'spool_unavailable',
  headers: ['retry-after', '5'],
})
