import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AuditLine } from './audit-stream.ts'
import { polled, type RunningProxy } from './proxy.ts'
import { yaml } from './proxy-folder.ts'
import { type RawAnswer, type RawConnection, rawConnect } from './raw-client.ts'

/** Clients that go on asking, each one request after the other on a connection of its own. */
export interface Traffic {
  readonly answers: readonly RawAnswer[]
  /** Requests whose connection ended before their answer did. */
  readonly unanswered: number
  /** Lets every client finish the request that it is at. */
  stop(): Promise<void>
  /** Settles when every client has stopped, by itself or told so. */
  readonly over: Promise<void>
}

/**
 * `next` makes the bytes of each request. Where the proxy ends a connection in order, its client opens another one; a
 * client stops when that fails, or when an answer does not come or is cut.
 */
export function startTraffic(port: number, clients: number, next: () => Buffer): Traffic {
  const answers: RawAnswer[] = []
  let unanswered = 0
  let isStopped = false
  /** Asks on one connection; true when the proxy has ended it in order. */
  const ask = async (connection: RawConnection): Promise<boolean> => {
    try {
      while (!isStopped) {
        connection.send(next())
        const answer = await connection.answer()
        answers.push(answer)
        if (!answer.complete) unanswered += 1
        if (!answer.complete || answer.header('connection') === 'close') return answer.complete
      }
    } catch {
      unanswered += 1
    } finally {
      connection.close()
    }
    return false
  }
  const client = async () => {
    for (;;) {
      const connection = await rawConnect(port).catch(() => null)
      if (connection === null || !(await ask(connection))) return
    }
  }
  const over = Promise.all(Array.from({ length: clients }, client)).then(() => undefined)
  return {
    answers,
    get unanswered() {
      return unanswered
    },
    stop: () => {
      isStopped = true
      return over
    },
    over,
  }
}

/** The next event with this action, which is not in the stream yet; looks at each line once, for streams that are long. */
export function nextAction({ audit }: RunningProxy, action: string, ms?: number): Promise<AuditLine> {
  const known = audit.all().length
  return audit.lines.until(
    (lines) => {
      const last = lines.at(-1)
      return lines.length > known && last?.action === action ? last : undefined
    },
    `the next event \`${action}\``,
    ms,
  )
}

type Json = Parameters<typeof yaml>[0]

/** Puts other sections into the proxy's config file. */
export function changeConfig(proxy: RunningProxy, sections: { readonly [name: string]: Json }): void {
  writeFileSync(proxy.configFile, yaml({ ...JSON.parse(readFileSync(proxy.configFile, 'utf8')), ...sections }))
}

/** Files and sockets that the proxy has open now; null where the system does not tell. */
function openDescriptors({ child }: RunningProxy): number | null {
  try {
    return readdirSync(`/proc/${child.pid}/fd`).length
  } catch {
    return null
  }
}

/** Remembers how many descriptors the proxy has; the answer settles once it has no more than these again. */
export function descriptorGuard(proxy: RunningProxy): () => Promise<void> {
  const before = openDescriptors(proxy)
  return () =>
    polled(async () => before === null || (openDescriptors(proxy) ?? 0) <= before, `${before} descriptors, as before`)
}
