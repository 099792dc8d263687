import { readFileSync } from 'node:fs'

export const MIB = 1024 * 1024

/** Why tests of what a process holds are left out; false where they run. */
export const noProcessMemory =
  process.platform !== 'linux' && 'left out: what a process holds is read from /proc (Linux)'

/** What a process holds of the memory now (`VmRSS`), or held at most (`VmHWM`). Unit: bytes. */
export const processMemory = (pid: number, name: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
