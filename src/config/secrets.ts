import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Result } from '../model/result.ts'
import { failed, ok } from '../model/result.ts'
import { Secret } from '../model/secret.ts'
import type { SecretReference } from '../schema/parts.ts'

/** The variables that references may name; handed in, so that nothing else reads the environment. */
export type Environment = { readonly [name: string]: string | undefined }

export interface SecretFault {
  readonly code: 'secret_missing' | 'secret_empty' | 'secret_unsafe'
  readonly message: string
}

const MAX_SECRET_BYTES = 64 * 1024

/** What a secret has to be: visible ASCII that can stand in an HTTP header, or any text on one line. */
export type SecretForm = 'header' | 'text'

const FORMS: { readonly [Form in SecretForm]: { readonly sound: RegExp; readonly wrong: string } } = {
  header: {
    sound: /^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/,
    wrong:
      'holds characters that cannot stand in a header (control characters, spaces around it or letters beyond ASCII)',
  },
  text: { sound: /^[^\p{Cc}\ufffd]+$/u, wrong: 'holds control characters, or is not UTF-8' },
}

/**
 * Resolves a reference into a secret. The newline that ends a file is dropped. Faults say what is wrong with the reference
 * and never repeat the secret.
 */
export function resolveSecret(
  reference: SecretReference,
  base: string,
  env: Environment,
  form: SecretForm = 'header',
): Result<Secret, SecretFault> {
  const found = 'env' in reference ? fromEnvironment(reference.env, env) : fromFile(reference.file, base)
  if (!found.ok) return found
  const { value, source } = found.value
  if (value === '') return failed({ code: 'secret_empty', message: `${source} is empty` })
  const { sound, wrong } = FORMS[form]
  if (!sound.test(value)) return failed({ code: 'secret_unsafe', message: `${source} ${wrong}` })
  return ok(new Secret(value))
}

type Found = Result<{ readonly value: string; readonly source: string }, SecretFault>

function fromEnvironment(name: string, env: Environment): Found {
  const source = `the environment variable \`${name}\``
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (value === undefined) {
    return failed({ code: 'secret_missing', message: `${source} is not set; set it before the start` })
  }
  return ok({ value, source })
}

function fromFile(path: string, base: string): Found {
  const source = `the file \`${path}\``
  try {
    const file = resolve(base, path)
    const { size } = statSync(file)
    if (size > MAX_SECRET_BYTES)
      return failed({ code: 'secret_unsafe', message: `${source} is too large for a secret` })
    const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    return ok({ value, source })
  } catch {
    return failed({ code: 'secret_missing', message: `${source} cannot be read; check that it exists and may be read` })
  }
}
