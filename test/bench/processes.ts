import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

const STOP_MS = 5000
const START_MS = 15_000

/** Core of what is measured; everything else of the bench shares the other one. */
export const MEASURED = 0
export const REST = 1

export function installed(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0
}

const pins = installed('taskset') && installed('nproc') && Number(spawnSync('nproc', ['--all']).stdout) > 1
/** How the report describes the layout. */
export const layout = pins ? 'measured process on core 0, everything else on core 1' : 'not pinned'

export function start(core: number, command: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
  const [program, list] = pins ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]]
  return spawn(program, list, { stdio })
}

/** Ends a process started here; one that does not leave in time is killed. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const left = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await left
  clearTimeout(timer)
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  for (const until = Date.now() + START_MS; Date.now() < until; await wait(20)) {
    if (child.exitCode !== null) throw new Error(`left with ${child.exitCode} before it listened`)
    const socket = connect(port, '127.0.0.1')
    const open = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (open) return
  }
  throw new Error(`nothing listens on ${port}`)
}

/** CPU that a process, all its threads and its children have had, user and system. Unit: nanoseconds. */
export function cpuNs(pid: number): number {
  let sum = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    sum += threadNs(`/proc/${pid}/task/${task}`)
    for (const child of read(`/proc/${pid}/task/${task}/children`).split(' ')) if (child) sum += cpuNs(Number(child))
  }
  return sum
}

/** `schedstat` counts nanoseconds; `stat`, where a kernel has no other, 10 ms ticks. */
function threadNs(folder: string): number {
  const precise = read(`${folder}/schedstat`)
  if (precise) return Number(precise.split(' ')[0])
  const fields = read(`${folder}/stat`).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 1e7
}

/** What one core has done for anybody, the hypervisor's other guests included; null where nothing is pinned. */
export function coreBusyNs(core: number): number | null {
  if (!pins) return null
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(read('/proc/stat'))?.[1]
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line ?? '').split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) * 1e7
}

export function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1]
  return Number(kib ?? 0) / 1024
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // a thread that has just ended, or a kernel without the file
  }
}
