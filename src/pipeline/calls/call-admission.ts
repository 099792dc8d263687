import type { Fault } from '../../model/fault.ts'
import type { Principal } from '../../model/identity.ts'
import type { Clock } from '../../model/ports.ts'
import { judge, policyInput } from '../judge.ts'
import type { MessageJudge } from '../realtime/message-judge.ts'
import type { Admission } from '../realtime/standing.ts'
import { decisionFault } from '../refusals.ts'
import type { Snapshot } from '../snapshot.ts'
import type { WantedCall } from './wanted-call.ts'

/** Whether who made a call may still have it: its session as it stands, and the call itself. */
export class CallAdmission implements Admission {
  readonly #wanted: WantedCall
  readonly #judge: MessageJudge
  readonly #clock: Clock

  constructor(wanted: WantedCall, judgeOfSession: MessageJudge, clock: Clock) {
    this.#wanted = wanted
    this.#judge = judgeOfSession
    this.#clock = clock
  }

  get snapshot(): Snapshot {
    return this.#judge.snapshot
  }

  get principal(): Principal {
    return this.#judge.principal
  }

  set principal(principal: Principal) {
    this.#judge.principal = principal
  }

  adopt(snapshot: Snapshot): Fault | null {
    const lost = this.#judge.adopt(snapshot)
    if (lost !== null) return lost
    const { facts, opened, upstream } = this.#wanted
    const input = policyInput(this.principal, opened.head, facts, opened.model, this.#clock())
    const { decision } = judge(snapshot.policy, input, facts.nestedModels, [upstream])
    return decision.effect === 'allow' ? null : decisionFault(decision, { ...facts, model: opened.model })
  }
}
