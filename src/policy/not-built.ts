import type { NotBuilt } from '../schema/shape.ts'

const KEYS = new Set(['limits', 'guards', 'rules.audit'])

const dotted = (path: readonly (string | number)[]) => path.filter((step) => typeof step === 'string').join('.')

/** The keys of a policy that the contract names and this release does not carry. */
export const notBuiltPolicy: NotBuilt = {
  key: (path) => KEYS.has(dotted(path)),
  value: () => false,
}
