import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** Somebody with a key who makes proofs of it. */
export class DpopClient {
  readonly #key: CryptoKey
  readonly #jwk: JWK
  readonly thumbprint: string

  private constructor(key: CryptoKey, jwk: JWK, thumbprint: string) {
    this.#key = key
    this.#jwk = jwk
    this.thumbprint = thumbprint
  }

  static async make(): Promise<DpopClient> {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = await exportJWK(publicKey)
    return new DpopClient(privateKey, jwk, await calculateJwkThumbprint(jwk))
  }

  /** For one request to a URL, with a token where there is one already. */
  proof(url: string, token?: string, method = 'POST'): Promise<string> {
    const { origin, pathname } = new URL(url)
    const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') }
    return new SignJWT({ htm: method, htu: origin + pathname, jti: randomUUID(), ...ath })
      .setIssuedAt()
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: this.#jwk })
      .sign(this.#key)
  }

  /** What the official SDK sends its requests by. */
  fetcher(token: string, send: typeof fetch = fetch): typeof fetch {
    return async (input, init) => {
      const url = String(input instanceof Request ? input.url : input)
      const headers = new Headers(init?.headers)
      headers.set('authorization', `DPoP ${token}`)
      headers.set('dpop', await this.proof(url, token, init?.method ?? 'GET'))
      return send(url, { ...init, headers: Object.fromEntries(headers) })
    }
  }
}
