import type { Readable } from 'node:stream'
import type { ClientCertificate } from './identity.ts'
import type { ObjectReference } from './objects.ts'

/** `resource.verb` after the OpenAI API; creating is the short name: `chat`, `embeddings`, `models.list`. */
export type OperationName = string

/**
 * The model of a request. A string names it; null says that the operation has none (`models.list`); undefined says that
 * it could use one but does not name it (a stored prompt), which is *cannot tell* for every selector on models.
 */
export type ModelFact = string | null | undefined

/** What a request asks for, as far as the policy speaks of it. Pure facts of the one parsed body. */
export interface RequestFacts {
  readonly operation: OperationName
  readonly model: ModelFact
  /** Models named beside the main one (`tools[].model`); each is decided like the main one. */
  readonly nestedModels: readonly string[]
  readonly stream: boolean
  /** What the request asks for; undefined when it does not say. Unit: tokens. */
  readonly maxOutputTokens: number | undefined
  readonly tools: { readonly functions: readonly string[]; readonly hosted: readonly string[] }
  readonly input: {
    readonly bytes: number | undefined
    readonly images: boolean
    readonly files: boolean
    readonly audio: boolean
  }
  /**
   * It goes on with something stored (an assistant, a prompt, an earlier response), which may bring tools, hosts and input
   * of its own. Absent means that it does not.
   */
  readonly storedSettings?: boolean
  /** Hosts that the request names in URLs (`image_url`, `file_url`, `server_url`), lower case, without port. */
  readonly urls: readonly string[]
  /** Stored objects that the request refers to, in its path, query or body (`previous_response_id`, `file_id`). */
  readonly objects: readonly ObjectReference[]
  /** The body passes as it is: nothing of it is known. */
  readonly isUninspected?: true
}

/** What an upstream's answer told about itself; every member is absent when it did not say. */
export interface Usage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly cachedTokens?: number
  readonly reasoningTokens?: number
}

export interface AnswerFacts {
  readonly usage?: Usage
  readonly responseId?: string
  readonly responseModel?: string
  readonly finishReasons?: readonly string[]
}

/**
 * The head of a request that is one unambiguous request: one Host, one of each header that decides anything, known
 * framing. Nothing in it is decoded or normalised.
 */
export interface RequestHead {
  readonly id: string
  readonly method: string
  /** The request target as it stood on the request line. */
  readonly target: string
  readonly httpVersion: string
  /** Name, value, name, value… as received. */
  readonly rawHeaders: readonly string[]
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  /** Unit: bytes; undefined when the body is chunked or absent. */
  readonly contentLength: number | undefined
  readonly hasBody: boolean
  readonly userAgent: string | undefined
  readonly traceparent: string | undefined
  /** The workspace that the caller asks for (`OpenAI-Project`). */
  readonly project: string | undefined
  /** The client's address after trusted proxies; an IPv4-mapped IPv6 address is its IPv4 address. */
  readonly clientIp: string | undefined
  readonly clientPort: number | undefined
  /** The `X-Forwarded-For` chain, only where it was believed. */
  readonly forwardedFor: string | undefined
  /** What the TLS connection shows of its client; absent where that is nothing. */
  readonly certificate?: ClientCertificate | undefined
}

/** A body that is kept elsewhere: it is sent with its length, and read anew each time that it is opened. */
export interface KeptBody {
  readonly length: number
  open(): Readable
}

/** What goes to an upstream: built from nothing, never from the client's own head. */
export interface UpstreamRequest {
  readonly method: string
  readonly path: string
  /** Name, value, name, value… */
  readonly headers: readonly string[]
  readonly body: Buffer | KeptBody | null
  /** The proxy, not the client, asked for usage in the stream: its traces are taken out of the answer. */
  readonly askedUsage: boolean
}
