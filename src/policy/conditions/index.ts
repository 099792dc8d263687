import { acr } from './acr.ts'
import { claim } from './claim.ts'
import { header } from './header.ts'
import { input } from './input.ts'
import { maxOutputTokens } from './max-output-tokens.ts'
import { method } from './method.ts'
import { mfa } from './mfa.ts'
import { network } from './network.ts'
import { region } from './region.ts'
import { stream } from './stream.ts'
import { time } from './time.ts'
import { tools } from './tools.ts'
import { upstream } from './upstream.ts'
import { urls } from './urls.ts'

/** Every condition, by the key that `when` has for it. */
export const CONDITIONS = {
  mfa,
  acr,
  method,
  network,
  time,
  claim,
  header,
  region,
  upstream,
  max_output_tokens: maxOutputTokens,
  input,
  tools,
  urls,
  stream,
} as const
