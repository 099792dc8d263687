import { STORED_OPERATIONS } from '../../model/operations.ts'
import { type Lint, type LintRule, quoted, warningAt } from './lint.ts'

type Condition = 'tools' | 'urls' | 'input'

/**
 * An allow for an operation whose every request goes on with something stored, with a condition on what that may bring: it
 * cannot be told there, and an allow needs a yes. Only an operation that stands by its own name is surely meant.
 */
export const untoldAllow: Lint = ({ rules }) =>
  rules.flatMap((rule) => {
    const condition = rule.effect === 'allow' ? untoldCondition(rule) : null
    if (condition === null) return []
    return (rule.operations ?? []).flatMap((name, index) => {
      if (!STORED_OPERATIONS.includes(name)) return []
      const message =
        `this allow never holds for ${quoted(name)}: it goes on with something stored, of which \`${condition}\` cannot be ` +
        `told; allow it in a rule of its own without \`${condition}\`, or take it out`
      return [warningAt(rule.placed, ['operations', index], 'untold_allow', message)]
    })
  })

/** The condition that no request to such an operation can meet; null for none. */
function untoldCondition({ hasNoUrls, when: { tools, urls, input } }: LintRule): Condition | null {
  if (isLimited(tools?.functions) || isLimited(tools?.hosted)) return 'tools'
  if (hasNoUrls !== true && isLimited(urls)) return 'urls'
  if (input === undefined) return null
  // What is asked for may be there; that something is not there cannot be told.
  const isUntold = input.max_bytes !== undefined || [input.images, input.files, input.audio].includes(false)
  return isUntold ? 'input' : null
}

/** Not every name is granted. */
function isLimited(patterns: readonly string[] | undefined): boolean {
  return patterns !== undefined && !patterns.some((pattern) => /^\*+$/.test(pattern))
}
