import { ecs } from './ecs.ts'
import type { AuditFormat } from './format.ts'

export const FORMATS = [ecs] as const satisfies readonly AuditFormat[]
