import type { AuditAction, AuditEvent } from '../../model/audit.ts'
import { CATALOGUE, type CatalogueRow } from '../catalogue.ts'
import { ALLOWANCES, Budget, count } from './budget.ts'
import { modelMembers, ownMembers } from './ecs-call.ts'
import { personText } from './ecs-person.ts'
import { type AuditFormat, type EventStamp, MAX_LINE_BYTES, type ServiceIdentity } from './format.ts'
import { isoTime, quoted } from './text.ts'

/** Above this a line gives up the length of its sentences: pipes shared by processes keep shorter writes whole. */
const AIM_BYTES = 4096
const LABEL_BYTES = 128

/**
 * Elastic Common Schema 9.4: nested JSON, `@timestamp` first, absent members left out. A line is put together from
 * pieces because it is written twice a request, and serialising a tree of objects takes three times as long.
 *
 * Never printed: claims, credentials, query strings, bodies.
 */
export const ecs: AuditFormat = {
  name: 'ecs',
  open: (service) => {
    const label = serviceLabel(service)
    return (event, stamp) => {
      for (let step = 0; ; step++) {
        const budget = new Budget(ALLOWANCES[step] ?? ALLOWANCES[0])
        const line = render(event, stamp, label, budget)
        const limit = step === 0 ? AIM_BYTES : MAX_LINE_BYTES
        if (step === ALLOWANCES.length - 1 || bytesFit(line, budget.plain, limit)) return line
      }
    }
  },
}

function bytesFit(line: string, plain: boolean, limit: number): boolean {
  return line.length * 3 <= limit || (line.length <= limit && (plain || Buffer.byteLength(line) <= limit))
}

interface ActionText {
  readonly log: string
  readonly event: string
  readonly row: CatalogueRow
}

/** The parts of a line that follow from its action alone. */
const ACTIONS: { readonly [action in AuditAction]: ActionText } = Object.fromEntries(
  Object.entries(CATALOGUE).map(([action, row]) => [action, actionText(action, row)]),
) as { [action in AuditAction]: ActionText }

function actionText(action: string, row: CatalogueRow): ActionText {
  const { kind, category, type } = row
  const known = JSON.stringify({ kind, category, type, action })
  return {
    row,
    log: `,"ecs":{"version":"9.4.0"},"log":{"level":"${row.level}"},"message":`,
    event: `","${known.slice(2, -1)},"outcome":"`,
  }
}

function serviceLabel({ name = 'sallyport', version, environment, node }: ServiceIdentity): string {
  const budget = new Budget({ prose: LABEL_BYTES, id: LABEL_BYTES, name: LABEL_BYTES, items: 0, item: 0 })
  let label = `,"service":{"name":${budget.name('', name)},"version":${budget.name('', version)}`
  if (environment !== undefined) label += `,"environment":${budget.name('', environment)}`
  if (node !== undefined) label += `,"node":{"name":${budget.name('', node)}}`
  return label
}

function render(event: AuditEvent, stamp: EventStamp, service: string, budget: Budget): string {
  const action = ACTIONS[event.action]
  let line = `{"@timestamp":"${isoTime(event.at)}"${action.log}${budget.prose('message', event.message)}`
  line += eventMembers(event, stamp, action, budget)
  line += httpMembers(event, budget)
  line += callerMembers(event, budget)
  line += modelMembers(event, budget)
  line += service
  if (event.upstream) line += `,"target":{"name":${budget.name('service.target.name', event.upstream.name)}}`
  line += `}${serverMembers(event, budget)}${errorMembers(event, budget)}${ownMembers(event, budget)}`
  return `${line}}\n`
}

function eventMembers(event: AuditEvent, stamp: EventStamp, { row, event: known }: ActionText, budget: Budget): string {
  let members = `,"event":{"id":"${stamp.id}${known}${event.outcome ?? row.outcome}"`
  if (event.reason !== undefined) {
    const area = row.area ?? (event.policy && event.policy.latencyNs > 0 ? 'policy' : 'request')
    members += `,"reason":${budget.id('event.reason', event.reason)}`
    members += `,"code":${budget.id('event.code', `${area}.${event.reason}`)}`
  }
  members += `,"dataset":"sallyport.audit","module":"sallyport","provider":"sallyport","sequence":${stamp.sequence}`
  if (event.startedAt !== undefined) {
    members += `,"start":"${isoTime(event.startedAt)}","end":"${isoTime(event.at)}"`
  }
  if (event.durationNs !== undefined) members += `,"duration":${count(event.durationNs)}`
  return `${members}}`
}

function httpMembers({ request, status, requestBytes, responseBytes }: AuditEvent, budget: Budget): string {
  let members = ''
  if (request) {
    members += `,"request":{"id":${budget.id('http.request.id', request.id)}`
    members += `,"method":${budget.name('http.request.method', request.method)}`
    const bytes = requestBytes ?? request.bodyBytes
    members += bytes === undefined ? '}' : `,"body":{"bytes":${count(bytes)}}}`
    members += `,"version":${budget.name('http.version', request.httpVersion)}`
  }
  if (status !== undefined || responseBytes !== undefined) {
    const body = responseBytes === undefined ? '' : `"body":{"bytes":${count(responseBytes)}}`
    const code = status === undefined ? '' : `"status_code":${count(status)}`
    members += `,"response":{${code}${code !== '' && body !== '' ? ',' : ''}${body}}`
  }
  return object('http', members)
}

/** Who asked, from where, for what: in the order of the schema's own table. */
function callerMembers({ request, client, principal, policy }: AuditEvent, budget: Budget): string {
  let line = ''
  if (request?.traceId !== undefined) line += `,"trace":{"id":${budget.name('trace.id', request.traceId)}}`
  if (request?.spanId !== undefined) line += `,"span":{"id":${budget.name('span.id', request.spanId)}}`
  if (principal) {
    const { user, groups } = personText(principal, budget)
    line += `${user}${budget.list('user.roles', policy?.roles ?? principal.roles)}${groups}`
  }
  if (request) {
    line += clientMembers(request.clientIp, request.clientPort, request.forwardedFor, budget)
    line += `,"url":{"path":${budget.prose('url.path', request.path)}}`
    if (request.userAgent !== undefined) {
      line += `,"user_agent":{"original":${budget.prose('user_agent.original', request.userAgent)}}`
    }
  }
  if (client && !request) line += clientMembers(client.ip, client.port, undefined, budget)
  if (policy) {
    const rule = policy.rule === undefined ? '' : `"id":${budget.id('rule.id', policy.rule)},`
    line += `,"rule":{${rule}"ruleset":${budget.id('rule.ruleset', policy.ruleset)}}`
  }
  return line
}

function clientMembers(
  address: string | undefined,
  port: number | undefined,
  chain: string | undefined,
  budget: Budget,
): string {
  const ip = address === undefined ? '' : `"ip":${budget.name('client.ip', address)}`
  let members = ip === '' ? '' : `,${ip}`
  if (port !== undefined) members += `,"port":${count(port)}`
  if (chain !== undefined) members += `,"address":${budget.prose('client.address', chain)}`
  return ip === '' ? object('client', members) : `${object('client', members)},"source":{${ip}}`
}

/** The proxy's own address when it starts, the upstream's in everything about a call. */
function serverMembers({ server, upstream }: AuditEvent, budget: Budget): string {
  const named = server ?? upstream
  if (!named) return ''
  const port = named.port === undefined ? '' : `,"port":${count(named.port)}`
  return `,"server":{"address":${budget.name('server.address', named.address)}${port}}`
}

function errorMembers({ error }: AuditEvent, budget: Budget): string {
  if (!error) return ''
  let members = `,"error":{"type":${budget.id('error.type', error.type)}`
  if (error.code !== undefined) members += `,"code":${budget.name('error.code', error.code)}`
  if (error.message !== undefined) members += `,"message":${budget.prose('error.message', error.message)}`
  return `${members}}`
}

/** An object from members that each begin with a comma; nothing when there are none. */
function object(name: string, members: string): string {
  return members === '' ? '' : `,${quoted(name)}:{${members.slice(1)}}`
}
