import { resolve } from 'node:path'
import type { AnalysedPolicy } from '../analysis/access-universe.ts'
import { namesAndPatterns } from '../analysis/parts.ts'
import { loadAll } from '../config/load-all.ts'
import { printable, printableJson } from '../config/report.ts'
import { compilePolicies, type NamedPolicy } from '../serving/compile-policies.ts'
import { problemText } from './check.ts'
import { type CommandIo, type CommonOptions, EXIT } from './command.ts'
import { vouchers } from './vouchers.ts'

/** A policy to be analysed, with the names that flags may have. */
export interface AccessQuestion {
  readonly policy: NamedPolicy
  readonly analysed: AnalysedPolicy
  /** The configured names of who vouches for callers. */
  readonly issuers: readonly string[]
  /** Names of passthrough routes. */
  readonly routes: readonly string[]
}

/** Loads what a question about access is about; null, after saying why, where it is not sound. Secrets are not looked for. */
export async function loadAccess({ config }: CommonOptions, io: CommandIo): Promise<AccessQuestion | null> {
  const loaded = await loadAll(resolve(io.cwd, config), { env: io.env, secrets: false, compile: compilePolicies })
  const { settings, policy } = loaded
  if (!settings || !policy) {
    io.stderr.write(problemText(loaded.problems, io.cwd))
    return null
  }
  const upstreams = settings.upstreams.map(({ name, kind, region, labels, models }) => ({
    name,
    kind,
    region: region ?? undefined,
    labels,
    models: namesAndPatterns(models),
  }))
  return {
    policy,
    analysed: { outline: policy.outline(), upstreams, at: Date.now() },
    issuers: vouchers(settings),
    routes: settings.passthrough.map(({ name }) => name),
  }
}

export function printLines(lines: readonly string[], io: CommandIo): void {
  io.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''))
}

export function printJson(answer: object, io: CommandIo): void {
  io.stdout.write(`${printableJson(answer, 2)}\n`)
}

export function refuse(message: string, io: CommandIo): number {
  io.stderr.write(`error: ${printable(message)}\n`)
  return EXIT.unusable
}
