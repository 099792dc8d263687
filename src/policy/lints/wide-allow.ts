import { readNetwork } from '../../model/address.ts'
import type { FileProblem } from '../merge.ts'
import { type Lint, type LintRule, type LintSubject, warningAt } from './lint.ts'
import { isWholeWeek } from './week.ts'

/** Anything that says who, and that a caller cannot claim of itself. */
const WHO = ['mfa', 'acr', 'method', 'network', 'claim'] as const

/** An allow that is wider than its author likely meant. One in shadow mode opens nothing. */
export const wideAllow: Lint = (subject) =>
  subject.rules.flatMap((rule) =>
    rule.effect === 'allow' && rule.mode === 'enforce'
      ? [...openToAll(rule), ...starModels(rule, subject), ...starOperations(rule), ...wideConditions(rule)]
      : [],
  )

function warn({ placed }: LintRule, path: FileProblem['path'], message: string): FileProblem {
  return warningAt(placed, path, 'wide_allow', message)
}

function openToAll(rule: LintRule): FileProblem[] {
  const { roles, workspaces, models, operations, when } = rule
  if (roles !== null || workspaces !== null) return []
  if (when.header !== undefined && WHO.every((name) => when[name] === undefined)) {
    const message = 'a header is all that guards this allow, and anybody can send any header; say who in `roles`'
    return [warn(rule, ['when', 'header'], message)]
  }
  if (models !== null || operations !== null || when.claim !== undefined) return []
  const message =
    'this allow is for everybody, every model and every operation; say who in `roles` and what in `operations`'
  return [warn(rule, ['id'], message)]
}

/** `*` alone, in the rule or in a set that it names itself. */
function starModels(rule: LintRule, { merged }: LintSubject): FileProblem[] {
  return (rule.modelsWritten ?? []).flatMap((name, index) => {
    const isWide = isStar(name) || (name.startsWith('@') && hasStar(merged.models.get(name.slice(1))?.value))
    if (!isWide) return []
    const message =
      'this allows every model, those of tomorrow, too; name some, or a pattern such as `gpt-*`; leave `models` out ' +
      'where every model is meant'
    return [warn(rule, ['models', index], message)]
  })
}

function starOperations(rule: LintRule): FileProblem[] {
  return (rule.operations ?? []).flatMap((name, index) => {
    if (!isStar(name)) return []
    const message =
      rule.models === null
        ? 'this allows every operation; name those that are meant, or leave `operations` out where all are'
        : 'this allows every operation, those without a model, too (files, batches, …), whatever `models` says; name ' +
          'those that are meant, or leave `operations` out for all that have a model'
    return [warn(rule, ['operations', index], message)]
  })
}

function wideConditions(rule: LintRule): FileProblem[] {
  const { network, time } = rule.when
  const found = (network ?? []).flatMap((range, index) =>
    readNetwork(range)?.bits === 0
      ? [warn(rule, ['when', 'network', index], 'every address is in this range; narrow it, or leave `network` out')]
      : [],
  )
  if (time && isWholeWeek(time)) {
    found.push(warn(rule, ['when', 'time'], 'this is every hour of every day; narrow it, or leave `time` out'))
  }
  return found
}

function isStar(pattern: string): boolean {
  return /^\*+$/.test(pattern)
}

function hasStar(names: readonly (string | undefined)[] | undefined): boolean {
  return names?.some((name) => name !== undefined && isStar(name)) ?? false
}
