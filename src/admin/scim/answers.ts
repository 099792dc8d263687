import type { JsonObject } from '../../model/json.ts'
import { failed, type Result } from '../../model/result.ts'

/** What is wrong, as RFC 7644 section 3.12 has it; `detail` is for people and tells nothing of anybody. */
export interface ScimFault {
  readonly status: number
  readonly scimType?: 'invalidFilter' | 'invalidPath' | 'invalidSyntax' | 'invalidValue' | 'mutability' | 'uniqueness'
  readonly detail: string
}

export interface ScimAnswer {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: JsonObject | null
}

const NONE: ScimAnswer['headers'] = {}

export function answered(status: number, body: JsonObject | null, headers = NONE): ScimAnswer {
  return { status, headers, body }
}

export function faultAnswer({ status, scimType, detail }: ScimFault, headers = NONE): ScimAnswer {
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:Error']
  return answered(status, { schemas, ...(scimType && { scimType }), detail, status: String(status) }, headers)
}

export function invalid(scimType: NonNullable<ScimFault['scimType']>, detail: string): Result<never, ScimFault> {
  return failed({ status: 400, scimType, detail })
}

export const notFound: ScimFault = { status: 404, detail: 'there is no such resource' }
