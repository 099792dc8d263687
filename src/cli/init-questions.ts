import { createInterface } from 'node:readline'
import { printable } from '../config/report.ts'
import { ok, type Result } from '../model/result.ts'
import type { CommandIo } from './command.ts'
import { type Choices, canShowFactors, groupsOf, issuerFault, mfaFault, type Vouchers } from './init-answers.ts'

/** Asks on the terminal until every answer is sound; null where the input ends before. */
export async function askStarter(vouchers: Vouchers, io: CommandIo): Promise<Result<Choices, string> | null> {
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
    return await askAll(vouchers, ask)
  } finally {
    lines.close()
  }
}

type Ask = (question: string, fault: (answer: string) => string | null) => Promise<string | null>

async function askAll(vouchers: Vouchers, ask: Ask): Promise<Result<Choices, string> | null> {
  const [first = ''] = vouchers.issuers
  const usual = first === '' ? '' : ` [${printable(first)}]`
  const named = await ask(`Which issuer vouches for the people? Its name in the config${usual}:`, (answer) =>
    issuerFault(answer || first, vouchers),
  )
  if (named === null) return null
  const issuer = named || first
  const written = await askGroups(ask)
  if (written === null) return null
  const mfa = canShowFactors(issuer) ? await askFactors(ask) : ''
  if (mfa === null) return null
  const groups = groupsOf(written)
  return groups.ok ? ok({ issuer, groups: groups.value, mfa: mfa || null }) : groups
}

/** Until an answer is empty, of which the first cannot be. */
async function askGroups(ask: Ask): Promise<readonly string[] | null> {
  const written: string[] = []
  for (;;) {
    const more = written.length === 0 ? '' : ' (empty: no more)'
    const question = `A group and the models it may use, such as analysts=gpt-4o-mini,gpt-4o${more}:`
    const answer = await ask(question, (one) => {
      if (one === '' && written.length > 0) return null
      const groups = groupsOf([one])
      return groups.ok ? null : groups.fault
    })
    if (answer === null || answer === '') return answer === null ? null : written
    written.push(answer)
  }
}

function askFactors(ask: Ask): Promise<string | null> {
  const question = 'How long ago may a sign-in with several factors be, such as 12h (empty: none is asked for)?'
  return ask(question, (one) => mfaFault(one || null))
}
