import type { MethodKind } from '../method.ts'
import { apiKey } from './api-key.ts'
import { jwt } from './jwt.ts'
import { ldap } from './ldap.ts'
import { local } from './local.ts'
import { ownToken } from './own-token.ts'

/** Every way to verify a credential. A file in this folder that is missing here fails a test. */
export const METHOD_KINDS: readonly MethodKind[] = [jwt, ownToken, apiKey, ldap, local]
