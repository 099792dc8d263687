import { readNetwork } from '../model/address.ts'
import { Unusable } from './store-command.ts'

/** Of each list: a key is looked at with each request. */
const MAX_LIMITS = 64

/** Networks in plain notation, each once. */
export function networksOf(written: readonly string[] = []): string[] {
  for (const network of written) {
    if (readNetwork(network) !== null) continue
    const shown = JSON.stringify(network.slice(0, 64))
    throw new Unusable(
      `\`--network\` must be an address or a range such as \`10.0.0.0/8\` or \`2001:db8::/32\`; got ${shown}`,
    )
  }
  return bounded('--network', written)
}

/** Names and patterns of models, each once. Sets and aliases are the policy's, which may give them another meaning later. */
export function modelsOf(written: readonly string[] = []): string[] {
  for (const model of written) {
    if (model.startsWith('@')) {
      throw new Unusable(
        `\`--model\` takes names and patterns such as \`gpt-4o*\`, not the policy's sets (\`${model.slice(0, 64)}\`)`,
      )
    }
  }
  return bounded('--model', written)
}

function bounded(option: string, values: readonly string[]): string[] {
  const distinct = [...new Set(values)]
  if (distinct.length > MAX_LIMITS) throw new Unusable(`\`${option}\` may be given ${MAX_LIMITS} times at most`)
  return distinct
}
