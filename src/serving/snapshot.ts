import { isDeepStrictEqual } from 'node:util'
import type { AnswerKind } from '../endpoints/endpoint.ts'
import { openTap } from '../endpoints/tap.ts'
import type { Identity } from '../identity/authenticate.ts'
import type { Credential } from '../model/identity.ts'
import type { Clock } from '../model/ports.ts'
import type { Settings, UpstreamKind, UpstreamSettings } from '../model/settings.ts'
import type { DecidingPolicy, ServingUpstream, Snapshot } from '../pipeline/snapshot.ts'
import { answerHeaders, blotKey, messageHeaders } from '../shape/answer.ts'
import type { AnswerShape } from '../upstream/answer-shape.ts'
import { openCatalogue } from '../upstream/catalogue.ts'
import { MESSAGE_STOP } from '../upstream/last-word.ts'
import { inOrder, openUpstream } from '../upstream/pools.ts'

/** What the answers of each API have in common. */
const ANSWERS: { readonly [Kind in UpstreamKind]: Pick<AnswerShape, 'headers' | 'ending'> } = {
  openai: { headers: answerHeaders },
  anthropic: { headers: messageHeaders, ending: MESSAGE_STOP },
}

/**
 * Joins config, policy and edges to one frozen snapshot. Upstreams whose settings did not change keep their connections
 * and lists.
 */
export function composeSnapshot(
  settings: Settings,
  policy: DecidingPolicy,
  identity: Identity,
  clock: Clock,
  previous: Snapshot | null,
  report: (failure: string) => void,
  { keyRing, signIn }: Pick<Snapshot, 'keyRing' | 'signIn'>,
): Snapshot {
  const before = previous?.upstreams ?? []
  const upstreams = settings.upstreams.map(
    (wanted) => before.find((upstream) => isSame(upstream.settings, wanted)) ?? openServing(wanted, clock, report),
  )
  return Object.freeze({
    settings,
    policy,
    authenticate: (credential: Credential, client?: string) => identity.authenticate(credential, client),
    keyRing,
    signIn,
    upstreams: inOrder(upstreams),
  })
}

/** Lets what still runs end, and closes. */
export function retireUpstream({ pool }: ServingUpstream): void {
  void pool.close().catch(() => undefined)
}

/** Ends every connection to upstreams; what is still running on them is cut. */
export async function cutUpstreams(upstreams: Iterable<ServingUpstream>): Promise<void> {
  await Promise.all([...upstreams].map(({ pool }) => pool.destroy().catch(() => undefined)))
}

function isSame(a: UpstreamSettings, b: UpstreamSettings): boolean {
  const { apiKey: keyA, ...restA } = a
  const { apiKey: keyB, ...restB } = b
  return keyA?.reveal() === keyB?.reveal() && isDeepStrictEqual(restA, restB)
}

function openServing(settings: UpstreamSettings, clock: Clock, report: (failure: string) => void): ServingUpstream {
  const upstream = openUpstream(settings)
  const blot = (body: Buffer) => blotKey(body, settings.apiKey)
  return {
    ...upstream,
    models: openCatalogue(upstream, clock, report),
    answerShape: (answer: AnswerKind, stripUsage: boolean) => ({
      ...ANSWERS[settings.kind],
      openTap: (kind, status) => openTap(answer, kind, status, stripUsage),
      blot,
    }),
  }
}
