import type { JsonValue } from '../model/json.ts'

/** A scalar that YAML readers disagree on, or that would not mean what it shows. Its text is never part of a message. */
export interface ScalarFault {
  readonly code: string
  readonly message: string
}

const OLD_BOOLEAN = /^(?:yes|no|on|off)$/i
const OLD_TRUTH = /^(?:yes|on)$/i

/** Judges a scalar written without quotes by its text and by what YAML 1.2 core reads in it; null when both agree. */
export function plainScalarFault(source: string, value: unknown): ScalarFault | null {
  if (value === null) return { code: 'no_value', message: 'has no value; write one or remove the key' }
  if (typeof value === 'string') return OLD_BOOLEAN.test(source) ? oldBoolean(source) : null
  if (typeof value === 'number') return numberFault(source, value)
  return null
}

function oldBoolean(source: string): ScalarFault {
  const meant = OLD_TRUTH.test(source) ? 'true' : 'false'
  return {
    code: 'old_boolean',
    message: `is text here but a boolean to other YAML readers; write \`${meant}\` or \`"${source}"\``,
  }
}

function numberFault(source: string, value: number): ScalarFault | null {
  if (!Number.isFinite(value))
    return { code: 'not_finite', message: 'is not a finite number; write a number or quote it' }
  if (/^[-+]?0[0-9]/.test(source)) {
    return {
      code: 'leading_zero',
      message: 'is a number with a leading zero, which some readers take as octal; remove the zero or quote it',
    }
  }
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return { code: 'number_too_large', message: 'is larger than a number can hold exactly; quote it if it is a name' }
  }
  if (String(value) === source) return null
  return {
    code: 'number_form',
    message:
      'is read as a number that is written otherwise; quote it if it is a name or a version, or write the plain number',
  }
}

/** Sets an own property whatever its name is: `__proto__` is a key like any other. */
export function setOwn(target: { [key: string]: JsonValue }, key: string, value: JsonValue): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}
