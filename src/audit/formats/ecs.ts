import type { AuditAction, AuditEvent, AuditUpstream } from '../../model/audit.ts'
import { CATALOGUE, type CatalogueRow } from '../catalogue.ts'
import { ALLOWANCES, Budget, count, pair } from './budget.ts'
import { type AskedText, askedText } from './ecs-asked.ts'
import { modelMembers, ownMembers } from './ecs-call.ts'
import { type AuditFormat, type EventStamp, MAX_LINE_BYTES, type ServiceIdentity } from './format.ts'
import { inOnePiece, isoTime } from './text.ts'

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
    const services = new ServiceTexts(service)
    const whole = new Budget(ALLOWANCES[0])
    return (event, stamp) => {
      for (let step = 0; ; step++) {
        const budget = step === 0 ? whole.reset() : new Budget(ALLOWANCES[step] ?? ALLOWANCES[0])
        const line = render(event, stamp, services, budget)
        const limit = step === 0 ? AIM_BYTES : MAX_LINE_BYTES
        if (step === ALLOWANCES.length - 1 || bytesFit(line, budget.plain, limit)) return line
      }
    }
  },
}

function bytesFit(line: string, plain: boolean, limit: number): boolean {
  return line.length * 3 <= limit || (line.length <= limit && (plain || Buffer.byteLength(line) <= limit))
}

interface Address {
  readonly address: string
  readonly port?: number
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
    log: inOnePiece(`,"ecs":{"version":"9.4.0"},"log":{"level":"${row.level}"},"message":`),
    event: inOnePiece(`","${known.slice(2, -1)},"outcome":"`),
  }
}

function serviceLabel({ name = 'sallyport', version, environment, node }: ServiceIdentity): string {
  const budget = new Budget({ prose: LABEL_BYTES, id: LABEL_BYTES, name: LABEL_BYTES, items: 0, item: 0 })
  let label = `,"service":{"name":${budget.name('', name)},"version":${budget.name('', version)}`
  if (environment !== undefined) label += `,"environment":${budget.name('', environment)}`
  if (node !== undefined) label += `,"node":{"name":${budget.name('', node)}}`
  return label
}

/** `service` and `server`: who writes, and the proxy's own address when it starts, the upstream's in a call. */
class ServiceTexts {
  readonly #label: string
  /** Of upstreams that were written whole and in ASCII. */
  readonly #known = new WeakMap<AuditUpstream, string>()

  constructor(service: ServiceIdentity) {
    this.#label = serviceLabel(service)
  }

  of({ upstream, server }: AuditEvent, budget: Budget): string {
    if (!upstream || server || !budget.isFirst) return this.#written(upstream, server ?? upstream, budget)
    const remembered = this.#known.get(upstream)
    if (remembered !== undefined) return remembered
    const alreadyCut = budget.cut.length
    const wasPlain = budget.plain
    budget.plain = true
    const text = inOnePiece(this.#written(upstream, upstream, budget))
    if (budget.plain && budget.cut.length === alreadyCut) this.#known.set(upstream, text)
    budget.plain &&= wasPlain
    return text
  }

  #written(upstream: AuditUpstream | undefined, server: Address | undefined, budget: Budget): string {
    const target = upstream ? `,"target":{"name":${budget.name('service.target.name', upstream.name)}}` : ''
    if (!server) return `${this.#label}${target}}`
    const port = server.port === undefined ? '' : `,"port":${count(server.port)}`
    return `${this.#label}${target}},"server":{"address":${budget.name('server.address', server.address)}${port}}`
  }
}

function render(event: AuditEvent, stamp: EventStamp, services: ServiceTexts, budget: Budget): string {
  const action = ACTIONS[event.action]
  const message = budget.prose('message', event.message)
  const members = eventMembers(event, stamp, action, budget)
  const asked = askedText(event, budget)
  const model = modelMembers(event, asked, budget)
  const service = services.of(event, budget)
  const error = event.error ? errorMembers(event.error, budget) : ''
  // Last, for it names what had to be cut.
  const own = ownMembers(event, asked, budget)
  return `{"@timestamp":"${isoTime(event.at)}"${action.log}${message}${members}${httpMembers(event, asked)}${
    asked.caller
  }${model}${service}${error}${own}}\n`
}

function eventMembers(event: AuditEvent, stamp: EventStamp, { row, event: known }: ActionText, budget: Budget): string {
  let members = `,"event":{"id":"${stamp.id}${known}${event.outcome ?? row.outcome}"`
  if (event.reason !== undefined) {
    const area = row.area ?? event.area ?? 'request'
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

function httpMembers({ status, responseBytes }: AuditEvent, { http }: AskedText): string {
  if (status === undefined && responseBytes === undefined) return http === '' ? '' : `${http}}`
  const code = status === undefined ? '' : `"status_code":${count(status)}`
  const body = responseBytes === undefined ? '' : `"body":{"bytes":${count(responseBytes)}}`
  const response = pair('response', code, body)
  return http === '' ? `,"http":{${response.slice(1)}}` : `${http}${response}}`
}

function errorMembers({ type, code, message }: NonNullable<AuditEvent['error']>, budget: Budget): string {
  let members = `,"error":{"type":${budget.id('error.type', type)}`
  if (code !== undefined) members += `,"code":${budget.name('error.code', code)}`
  if (message !== undefined) members += `,"message":${budget.prose('error.message', message)}`
  return `${members}}`
}
