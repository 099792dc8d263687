import { Unusable } from './store-command.ts'

const MAX_NAME_LENGTH = 1024

/** A name that policies and events can carry. */
export function named(option: string, value: string): string {
  if (value === '' || value.length > MAX_NAME_LENGTH || /\p{Cc}/u.test(value) || !value.isWellFormed()) {
    throw new Unusable(`\`${option}\` must be 1 to ${MAX_NAME_LENGTH} characters without control characters`)
  }
  return value
}

export function distinct(option: string, values: readonly string[] = []): string[] {
  return [...new Set(values.map((value) => named(option, value)))]
}
