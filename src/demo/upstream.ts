import { isJsonObject } from '../model/json.ts'
import { DemoProblem } from './problem.ts'

/** The model endpoint behind the demo's proxy, and the models that its requests name. */
export interface DemoUpstream {
  readonly url: string
  /** Null where it asks for none. */
  readonly key: string | null
  readonly serves: readonly string[]
  /** Every employee may use this one. */
  readonly small: string
  /** Only analysts may use this one. */
  readonly large: string
  readonly about: string
}

const ASK_MS = 5000
const NO_CHAT = /embed|whisper|tts|dall-e|image|moderation|audio|realtime|transcribe|search|sora/i

export function builtInUpstream(url: string, key: string): DemoUpstream {
  return {
    url,
    key,
    serves: ['gpt-*', 'text-embedding-*', 'omni-moderation-*'],
    small: 'gpt-4o-mini',
    large: 'gpt-4o',
    about: 'a simulated model on loopback',
  }
}

/** A real endpoint. Its models are asked for; one that does not tell is taken to serve OpenAI's names. */
export async function realUpstream(written: string, key: string | null): Promise<DemoUpstream> {
  const url = upstreamUrl(written)
  const known = (await listModels(url, key)).filter((name) => !NO_CHAT.test(name))
  const small = known.includes('gpt-4o-mini') ? 'gpt-4o-mini' : (known[0] ?? 'gpt-4o-mini')
  const other = known.find((name) => name !== small)
  const large = known.includes('gpt-4o') && small !== 'gpt-4o' ? 'gpt-4o' : (other ?? `${small}-large`)
  return { url, key, serves: ['*'], small, large, about: new URL(url).host }
}

function upstreamUrl(written: string): string {
  const url = URL.parse(written)
  const usable =
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === ''
  if (!usable) throw new DemoProblem('`--upstream` must be a URL such as `https://api.openai.com/v1`', 2)
  return url.href.replace(/\/+$/, '')
}

async function listModels(url: string, key: string | null): Promise<readonly string[]> {
  try {
    const response = await fetch(`${url}/models`, {
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
      redirect: 'error',
      signal: AbortSignal.timeout(ASK_MS),
    })
    const answer: unknown = await response.json()
    if (!response.ok || !isJsonObject(answer) || !Array.isArray(answer.data)) return []
    return answer.data.flatMap((model) => (isJsonObject(model) && typeof model.id === 'string' ? [model.id] : []))
  } catch {
    return []
  }
}
