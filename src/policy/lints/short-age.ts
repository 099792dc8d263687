import { durationMs } from '../../model/units.ts'
import { type Lint, warningAt } from './lint.ts'

const SECOND_MS = 1000

/** Credentials tell the second of a sign-in and no more: within less than one hardly any is, and only by chance. */
export const shortAge: Lint = ({ rules }) =>
  rules.flatMap(({ placed, when: { mfa } }) => {
    if (mfa === undefined || mfa === true || durationMs(mfa.max_age) >= SECOND_MS) return []
    const message =
      'a sign-in is told by the second, so that hardly any is this recent, and only by chance; ask for minutes or hours'
    return [warningAt(placed, ['when', 'mfa', 'max_age'], 'short_max_age', message)]
  })
