import type { Fault } from '../../src/model/fault.ts'
import type { MessageSocket } from '../../src/model/ports.ts'
import type { Liveness } from '../../src/pipeline/realtime/liveness.ts'
import type { MessageJudge } from '../../src/pipeline/realtime/message-judge.ts'
import { Session } from '../../src/pipeline/realtime/session.ts'
import type { Refusal } from '../../src/pipeline/realtime/session-judge.ts'
import type { Standing } from '../../src/pipeline/realtime/standing.ts'
import { openJudge } from './message-judge.ts'

/** An end that takes what it is told to. */
export class FakeEnd implements MessageSocket {
  onMessage: ((message: Buffer, isBinary: boolean) => void) | null = null
  onDrain: (() => void) | null = null
  onExcess: ((excess: Fault) => void) | null = null
  onClose: ((code: number, broke: boolean) => void) | null = null
  readonly protocol = ''
  heardAt = performance.now()
  fullSince = Number.POSITIVE_INFINITY
  readonly sent: string[] = []
  isPaused = false
  closedWith: number | null = null

  send(text: Buffer | string): boolean {
    this.sent.push(text.toString())
    return this.fullSince === Number.POSITIVE_INFINITY
  }
  ping(): void {}
  pause(): void {
    this.isPaused = true
  }
  resume(): void {
    this.isPaused = false
  }
  close(code: number): void {
    this.closedWith ??= code
    this.leave(code)
  }
  cut(): void {
    this.leave(1006)
  }
  leave(code: number, broke = false): void {
    const { onClose } = this
    this.onClose = null
    onClose?.(code, broke)
  }
  says(message: object | string): void {
    this.onMessage?.(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)), false)
  }
}

/** A session between two such ends, whose bugs and refusals are counted. */
export function openSession(judge: MessageJudge = openJudge(), told: (refusal: Refusal) => void = () => undefined) {
  const [client, upstream] = [new FakeEnd(), new FakeEnd()]
  const state = {
    excess: null as Fault | null,
    lost: null as Fault | null,
    audited: true,
    refused: 0,
    bugs: [] as unknown[],
  }
  const standing = { fault: () => state.lost, tick: () => state.lost } as unknown as Standing
  const liveness = { check: () => null } as unknown as Liveness
  const session = new Session(client, upstream, judge, standing, liveness, {
    held: { take: () => state.excess, release: () => undefined },
    isAuditWritable: () => state.audited,
    refused: (refusal) => {
      state.refused++
      told(refusal)
    },
    bug: (cause) => state.bugs.push(cause),
  })
  return { client, upstream, state, session, ending: session.run() }
}
