import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { Log } from '../../support/within.ts'

type Members = { readonly [name: string]: unknown }
export type Behaviour = 'good' | 'stall' | 'drip' | 'redirect' | 'huge' | 'html' | 'error' | 'gzip' | 'reset' | 'twice'

/** A real HTTP server with the documents of an identity provider, which can rotate, stall, lie and send too much. */
export interface JwksServer {
  readonly origin: string
  readonly port: number
  keys: readonly Members[]
  behaviour: Behaviour
  /** What the metadata says; its defaults are right. */
  metadata: Members
  /** Paths asked for, in order. */
  readonly asked: Log<string>
  /** Answers what has been stalled. */
  release(): void
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startJwksServer(t: Test, keys: readonly Members[]): Promise<JwksServer> {
  const stalled: ServerResponse[] = []
  const asked = new Log<string>()
  let port = 0
  const listener = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: server.origin, jwks_uri: `${server.origin}/jwks`, ...server.metadata }))
    } else answer(server, response, stalled)
  })
  const start = () =>
    new Promise<void>((resolve) => {
      listener.listen(port, '127.0.0.1', () => {
        port = (listener.address() as AddressInfo).port
        resolve()
      })
    })
  const stop = () =>
    new Promise<void>((resolve) => {
      listener.close(() => resolve())
      listener.closeAllConnections()
    })
  await start()
  const server: JwksServer = {
    origin: `http://127.0.0.1:${port}`,
    port,
    keys,
    behaviour: 'good',
    metadata: {},
    asked,
    release: () => {
      for (const response of stalled.splice(0)) response.end(JSON.stringify({ keys: server.keys }))
    },
    start,
    stop,
  }
  t.teardown(stop)
  return server
}

function answer(server: JwksServer, response: ServerResponse, stalled: ServerResponse[]): void {
  const document = JSON.stringify({ keys: server.keys })
  switch (server.behaviour) {
    case 'good':
      return void response.end(document)
    case 'stall':
      return void stalled.push(response)
    case 'drip':
      response.write(' ')
      return void stalled.push(response)
    case 'redirect':
      return void response.writeHead(302, { location: `${server.origin}/elsewhere` }).end(document)
    case 'huge':
      return void response.end(`${' '.repeat(2 * 1024 * 1024)}${document}`)
    case 'html':
      return void response.end('<html>sign in</html>')
    case 'error':
      return void response.writeHead(500).end(document)
    case 'gzip':
      return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(document)
    case 'reset':
      return void response.destroy()
    case 'twice':
      return void response.end(`{"keys":[],${document.slice(1)}`)
  }
}
