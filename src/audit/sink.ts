import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, writeSync } from 'node:fs'
import { Socket } from 'node:net'

/** An open descriptor that is never waited for. */
export interface Sink {
  /** How many of the first `length` bytes the kernel took, or the error's code: `EAGAIN` when it can take none now. */
  write(bytes: Buffer, length: number): number | string
  close(): void
}

/**
 * Opens a descriptor so that writing to it cannot block the process: a pipe or terminal that nobody reads would
 * otherwise stop the event loop at its 64th KiB. Node cannot set `O_NONBLOCK` on a descriptor that it has, so that
 *
 * - a pipe, FIFO or terminal is opened a second time through `/proc`, which leaves the flags of the descriptor that
 *   other processes share alone;
 * - where that is not allowed (a container's pipe that belongs to another user), and for sockets, libuv sets the flag
 *   as it takes the descriptor over; nothing else is done with that handle;
 * - files and other devices are used as they are, for they never block; opened again they would lose `O_APPEND`.
 *
 * A descriptor that is closed gives a sink whose every write is `EBADF`.
 */
export function openSink(fd: number): Sink {
  const stats = statOf(fd)
  if (stats === null || isStandIn(fd, stats)) return { write: () => 'EBADF', close: () => undefined }
  if (stats.isFIFO() || isTerminal(stats)) return reopened(fd) ?? takenOver(fd) ?? plain(fd)
  if (stats.isSocket()) return takenOver(fd) ?? { write: () => 'EBADF', close: () => undefined }
  return plain(fd)
}

function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd)
  } catch {
    return null
  }
}

const MAJOR_MEMORY = 1
const MINOR_NULL = 3
const MAJORS_TERMINAL = new Set([4, 5, ...Array.from({ length: 8 }, (_, index) => 136 + index)])

function majorOf({ rdev }: Stats): number {
  return Math.floor(rdev / 256) % 4096
}

function isTerminal(stats: Stats): boolean {
  return stats.isCharacterDevice() && MAJORS_TERMINAL.has(majorOf(stats))
}

/**
 * Node puts `/dev/null`, open for reading and writing, in the place of a standard descriptor that was closed when it
 * started. Events that went there would be lost without a word, so that it counts as closed. `> /dev/null` opens it
 * for writing only, and is somebody's decision.
 */
function isStandIn(fd: number, stats: Stats): boolean {
  if (!stats.isCharacterDevice() || majorOf(stats) !== MAJOR_MEMORY || stats.rdev % 256 !== MINOR_NULL) return false
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0'
    return (Number.parseInt(flags, 8) & 3) === constants.O_RDWR
  } catch {
    return false
  }
}

function plain(fd: number, close: () => void = () => undefined): Sink {
  return {
    write(bytes, length) {
      try {
        return writeSync(fd, bytes, 0, length)
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'EIO'
      }
    },
    close,
  }
}

function reopened(fd: number): Sink | null {
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    return plain(own, () => closeSync(own))
  } catch {
    return null
  }
}

/** The handle is kept: were it collected, it would close the descriptor. Destroying it does so on purpose. */
function takenOver(fd: number): Sink | null {
  try {
    const handle = new Socket({ fd, readable: false, writable: true })
    return plain(fd, () => void handle.destroy())
  } catch {
    return null
  }
}
