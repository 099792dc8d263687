import type { AuditAsked, AuditBatch } from '../../model/audit.ts'
import { type Budget, count } from './budget.ts'

/** `sallyport.request`: what decides beside the model. Names of tools and hosts, never arguments, URLs or content. */
export function askedMembers(asked: AuditAsked, budget: Budget): string {
  const { maxOutputTokens, functions, hosted, hosts, models, project, objects, omitted } = asked
  let members = maxOutputTokens === undefined ? '' : `,"max_output_tokens":${count(maxOutputTokens)}`
  if (functions) members += `,"functions":${budget.list('sallyport.request.functions', functions)}`
  if (hosted) members += `,"hosted":${budget.list('sallyport.request.hosted', hosted)}`
  if (hosts) members += `,"hosts":${budget.list('sallyport.request.hosts', hosts)}`
  if (models) members += `,"models":${budget.list('sallyport.request.models', models)}`
  if (asked.images) members += ',"images":true'
  if (asked.files) members += ',"files":true'
  if (asked.audio) members += ',"audio":true'
  if (asked.stored) members += ',"stored":true'
  if (project !== undefined) members += `,"project":${budget.name('sallyport.request.project', project)}`
  if (objects) members += `,"objects":${budget.list('sallyport.request.objects', objects)}`
  if (omitted) members += `,"omitted":${budget.list('sallyport.request.omitted', omitted)}`
  if (asked.inspected === false) members += ',"inspected":false'
  return members.slice(1)
}

/** `sallyport.batch`: the lines of an uploaded file, each of which was decided like a request. */
export function batchMembers({ lines, operation, models, omitted, refusedLine }: AuditBatch, budget: Budget): string {
  let members = `"lines":${count(lines)}`
  if (operation !== undefined) members += `,"operation":${budget.name('sallyport.batch.operation', operation)}`
  if (models) members += `,"models":${budget.list('sallyport.batch.models', models)}`
  if (omitted) members += `,"omitted":${budget.list('sallyport.batch.omitted', omitted)}`
  if (refusedLine !== undefined) members += `,"refused_line":${count(refusedLine)}`
  return members
}
