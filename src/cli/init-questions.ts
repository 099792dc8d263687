import { createInterface } from 'node:readline'
import { printable } from '../config/report.ts'
import { ok, type Result } from '../model/result.ts'
import type { CommandIo } from './command.ts'
import { type Choices, groupsOf, issuerFault, mfaFault } from './init-answers.ts'

/** Asks on the terminal until every answer is sound; null where the input ends before. */
export async function askStarter(issuers: readonly string[], io: CommandIo): Promise<Result<Choices, string> | null> {
  if (!io.stdin) return null
  const lines = createInterface({ input: io.stdin, terminal: false })
  const answers = lines[Symbol.asyncIterator]()
  /** The first answer without a fault. */
  const ask = async (question: string, fault: (answer: string) => string | null): Promise<string | null> => {
    for (;;) {
      io.stdout.write(`${question} `)
      const { done, value } = await answers.next()
      if (done) return null
      const answer = value.trim()
      const wrong = fault(answer)
      if (wrong === null) return answer
      io.stdout.write(`${printable(wrong)}\n`)
    }
  }
  try {
    return await askAll(issuers, ask)
  } finally {
    lines.close()
  }
}

type Ask = (question: string, fault: (answer: string) => string | null) => Promise<string | null>

async function askAll(issuers: readonly string[], ask: Ask): Promise<Result<Choices, string> | null> {
  const [first = ''] = issuers
  const usual = first === '' ? '' : ` [${printable(first)}]`
  const named = await ask(`Which issuer vouches for the people? Its name in the config${usual}:`, (answer) =>
    issuerFault(answer || first, issuers),
  )
  if (named === null) return null
  const written: string[] = []
  for (;;) {
    const more = written.length === 0 ? '' : ' (empty: no more)'
    const answer = await ask(
      `A group and the models it may use, such as analysts=gpt-4o-mini,gpt-4o${more}:`,
      (one) => {
        if (one === '' && written.length > 0) return null
        const groups = groupsOf([one])
        return groups.ok ? null : groups.fault
      },
    )
    if (answer === null) return null
    if (answer === '') break
    written.push(answer)
  }
  const mfa = await ask(
    'How long ago may a sign-in with several factors be, such as 12h (empty: none is asked for)?',
    (one) => mfaFault(one || null),
  )
  if (mfa === null) return null
  const groups = groupsOf(written)
  return groups.ok ? ok({ issuer: named || first, groups: groups.value, mfa: mfa || null }) : groups
}
