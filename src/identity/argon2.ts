import { hash, type Options, verify } from '@node-rs/argon2'

/** OWASP's argon2id parameters: 19 MiB, two passes, one lane; about 45 ms of one core. The algorithm is the default. */
const PARAMETERS: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** A hash of another form is not computed: whoever can write the store must not choose what a request costs. */
const STORED_FORM = /^\$argon2id\$v=19\$m=(\d{1,5}),t=([1-9]),p=([1-4])\$[A-Za-z0-9+/]{16,88}\$[A-Za-z0-9+/]{32,88}$/

export function hashSecret(secret: string): Promise<string> {
  return hash(secret, PARAMETERS)
}

/** True when `stored` was made of `secret`. Throws when `stored` is no argon2id hash with sane parameters. */
export async function matchesHash(stored: string, secret: string): Promise<boolean> {
  if (!STORED_FORM.test(stored)) throw new Error('a stored hash is not argon2id with sane parameters')
  return verify(stored, secret)
}
