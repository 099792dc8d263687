import { type Fault, fault } from '../model/fault.ts'
import { failed, ok, type Result } from '../model/result.ts'

/** What a request of the Messages API says in its head and goes on: nothing else of it does. */
export interface MessageHead {
  readonly version: string
  /** As one header; null for none. */
  readonly betas: string | null
}

const VERSION = '2023-06-01'
/** Every one there is: another one could change what the body means. */
const VERSIONS: ReadonlySet<string> = new Set(['2023-01-01', VERSION])
const MAX_BETAS = 64

/**
 * Features that a request may switch on: those that change how a model works on what was judged, or allow members of the
 * body that are judged. Not among them: another model (`server-side-fallback`), what the provider keeps
 * (`message-threads`, `cache-diagnosis`), another payer (`fallback-credit`, `user-profiles`), tools that stand outside of
 * `tools` (`mid-conversation-tool-changes`, `inline-tools`), and whatever is not known.
 */
const ADMITTED: ReadonlySet<string> = new Set([
  ...['prompt-caching-2024-07-31', 'extended-cache-ttl-2025-04-11', 'pdfs-2024-09-25', 'token-counting-2024-11-01'],
  ...['output-128k-2025-02-19', 'output-300k-2026-03-24', 'context-1m-2025-08-07', 'context-management-2025-06-27'],
  ...['compact-2026-01-12', 'model-context-window-exceeded-2025-08-26', 'interleaved-thinking-2025-05-14'],
  ...['dev-full-thinking-2025-05-14', 'thinking-token-count-2026-05-13', 'thinking-display-updates-2026-08-18'],
  ...['token-efficient-tools-2025-02-19', 'fine-grained-tool-streaming-2025-05-14', 'structured-outputs-2025-11-13'],
  ...['effort-2025-11-24', 'task-budgets-2026-03-13', 'fast-mode-2026-02-01', 'advanced-tool-use-2025-11-20'],
  // Tools, files and servers that are facts of the policy.
  ...['computer-use-2024-10-22', 'computer-use-2025-01-24', 'computer-use-2025-11-24', 'advisor-tool-2026-03-01'],
  ...['code-execution-2025-05-22', 'code-execution-2025-08-25', 'web-fetch-2025-09-10'],
  ...['mcp-client-2025-04-04', 'mcp-client-2025-11-20', 'files-api-2025-04-14', 'skills-2025-10-02'],
])

/**
 * Reads the version and the features that a head asks for. A version that is absent or not known becomes `VERSION`;
 * a feature that is not admitted is left out, like every other header that is not known. Faults: `invalid_request` where
 * one of the two headers stands twice or asks for more than any honest request does.
 */
export function messageHead(rawHeaders: readonly string[]): Result<MessageHead, Fault> {
  let version: string | null = null
  let betas: string | null = null
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const written = rawHeaders[index] ?? ''
    if (written.length !== 14 && written.length !== 17) continue
    const name = written.toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    if (name === 'anthropic-version') {
      if (version !== null) return refused(name, 'may stand once')
      version = value
    } else if (name === 'anthropic-beta') {
      if (betas !== null) return refused(name, 'may stand once')
      betas = value
    }
  }
  const asked = betas === null ? [] : betas.split(',').map((beta) => beta.trim())
  if (asked.length > MAX_BETAS) return refused('anthropic-beta', `may name ${MAX_BETAS} features at most`)
  const admitted = [...new Set(asked)].filter((beta) => ADMITTED.has(beta))
  return ok({
    version: version !== null && VERSIONS.has(version) ? version : VERSION,
    betas: admitted.length === 0 ? null : admitted.join(','),
  })
}

function refused(param: string, why: string): Result<never, Fault> {
  return failed(fault('invalid_request', `the header \`${param}\` ${why}`, { param, reason: 'head_malformed' }))
}
