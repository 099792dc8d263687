import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jsonAnswer, MODELS } from './answers.ts'
import type { Contender, Upstreams } from './contender.ts'
import { AUDIENCE, type Credential, ISSUER } from './credential.ts'
import { freePort, MEASURED, REST, start, stop, waitForPort } from './processes.ts'

const scriptPath = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Starts a script of the bench that prints its ports. */
async function startScript(core: number, name: string, args: readonly string[]) {
  const child = start(core, process.execPath, [scriptPath(name), ...args], ['ignore', 'pipe', 'inherit'])
  if (child.stdout === null || child.pid === undefined) throw new Error(`${name} did not start`)
  const [printed] = await once(child.stdout, 'data')
  return { child, pid: child.pid, ports: String(printed).trim().split(' ').map(Number) }
}

/** `bare` hands the request body on as it comes; `bare-collected` reads it whole first, which undici sends at less cost. */
export async function startBare(
  name: 'bare' | 'bare-collected',
  takes: Contender['takes'],
  upstreams: Upstreams,
): Promise<Contender> {
  const args = [name === 'bare' ? 'stream' : 'collect', `${upstreams.json}`, `${upstreams.stream}`]
  const { child, pid, ports } = await startScript(MEASURED, './bare.ts', args)
  const [json = 0, stream = 0] = ports
  return { name, checks: 'none', takes, pid, ports: { json, stream }, stop: () => stop(child) }
}

export async function startModelServer() {
  const { child, ports } = await startScript(REST, './upstream.ts', [])
  return { port: ports[0] ?? 0, stop: () => stop(child) }
}

/**
 * The JWT checks that Sallyport makes, as far as HAProxy has them: signature with a pinned algorithm, `iss`, `aud`,
 * `exp`; then the model. Everything that does not hold is denied.
 */
const TOKEN_RULES = (pem: string) => `
  http-request set-var(txn.bearer) http_auth_bearer
  http-request deny deny_status 401 unless { var(txn.bearer) -m found }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_header_query('$.alg') -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify("ES256","${pem}") 1 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.iss') -m str ${ISSUER} }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.aud') -m str ${AUDIENCE} }
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.exp','int'),sub(txn.now) gt 0 }`

const MODEL_RULES = `
  http-request wait-for-body time 5s
  http-request deny deny_status 403 unless { req.body,json_query('$.model') -m str ${Object.values(MODELS).join(' ')} }`

function haproxyConfig(ports: Upstreams, upstreams: Upstreams, rules: string): string {
  const section = (kind: 'json' | 'stream') => `
frontend ${kind}
  bind 127.0.0.1:${ports[kind]}${rules}
  default_backend ${kind}-upstream
backend ${kind}-upstream
  http-reuse always
  server upstream 127.0.0.1:${upstreams[kind]}`
  return `global
  nbthread 1
  tune.bufsize 65536
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${section('json')}
${section('stream')}
`
}

export interface PeerOptions {
  readonly folder: string
  readonly upstreams: Upstreams
}

type Described = Pick<Contender, 'name' | 'checks' | 'takes'>

async function startHaproxy(
  { name, checks, takes }: Described,
  rules: string,
  options: PeerOptions,
): Promise<Contender> {
  const ports = { json: await freePort(), stream: await freePort() }
  const file = join(options.folder, `${name}.cfg`)
  writeFileSync(file, haproxyConfig(ports, options.upstreams, rules))
  const child = start(MEASURED, 'haproxy', ['-db', '-q', '-f', file], ['ignore', 'ignore', 'inherit'])
  await waitForPort(ports.json, child)
  return { name, checks, takes, pid: child.pid ?? null, ports, stop: () => stop(child) }
}

export function startHaproxyWithToken(options: PeerOptions & { credential: Credential }): Promise<Contender> {
  const pem = join(options.folder, 'issuer.pem')
  writeFileSync(pem, options.credential.publicPem)
  return startHaproxy(
    { name: 'haproxy+es256', checks: 'ES256 token, model', takes: 'all' },
    TOKEN_RULES(pem) + MODEL_RULES,
    options,
  )
}

export function startHaproxyWithModel(options: PeerOptions): Promise<Contender> {
  return startHaproxy({ name: 'haproxy', checks: 'model', takes: 'requests' }, MODEL_RULES, options)
}

function nginxConfig(folder: string, name: string, servers: string): string {
  return `daemon off;
master_process off;
worker_processes 1;
error_log stderr crit;
pid ${folder}/${name}.pid;
events { worker_connections 4096; }
http {
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_body_buffer_size 1m;
  client_max_body_size 32m;
${servers}
}
`
}

async function startNginx(core: number, name: string, folder: string, servers: string, port: number) {
  const file = join(folder, `${name}.conf`)
  writeFileSync(file, nginxConfig(folder, name, servers))
  const args = ['-p', folder, '-e', 'stderr', '-c', file]
  const child = start(core, 'nginx', args, ['ignore', 'ignore', 'inherit'])
  await waitForPort(port, child)
  return { pid: child.pid ?? null, stop: () => stop(child) }
}

/** A plain reverse proxy, one worker: what a program that only carries requests costs. */
export async function startNginxProxy({ folder, upstreams }: PeerOptions): Promise<Contender> {
  const ports = { json: await freePort(), stream: await freePort() }
  const section = (kind: 'json' | 'stream') => `
  upstream ${kind} { server 127.0.0.1:${upstreams[kind]}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${ports[kind]};
    location / {
      proxy_pass http://${kind};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering ${kind === 'stream' ? 'off' : 'on'};
    }
  }`
  const { pid, stop } = await startNginx(MEASURED, 'nginx', folder, section('json') + section('stream'), ports.json)
  return { name: 'nginx', checks: 'none', takes: 'all', pid, ports, stop }
}

/** An upstream that answers at once with the same JSON. */
export async function startInstantUpstream(folder: string) {
  const port = await freePort()
  const server = `  server { listen 127.0.0.1:${port} backlog=4096; location / { return 200 '${jsonAnswer}'; } }`
  const { stop } = await startNginx(REST, 'upstream', folder, server, port)
  return { port, stop }
}
