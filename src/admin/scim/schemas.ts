import type { JsonObject } from '../../model/json.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0'

interface Attribute {
  readonly name: string
  readonly type?: 'string' | 'boolean' | 'complex' | 'reference'
  readonly multiValued?: true
  readonly required?: true
  readonly uniqueness?: 'server'
  readonly caseExact?: true
  readonly subAttributes?: readonly Attribute[]
}

/** What is kept, and so what there is (RFC 7643 section 7). Other attributes are taken and forgotten. */
const USER: readonly Attribute[] = [
  { name: 'userName', required: true, uniqueness: 'server' },
  { name: 'externalId', caseExact: true },
  { name: 'active', type: 'boolean' },
  { name: 'displayName' },
  {
    name: 'name',
    type: 'complex',
    subAttributes: [{ name: 'formatted' }, { name: 'familyName' }, { name: 'givenName' }],
  },
  {
    name: 'emails',
    type: 'complex',
    multiValued: true,
    subAttributes: [{ name: 'value' }, { name: 'type' }, { name: 'primary', type: 'boolean' }],
  },
]

const GROUP: readonly Attribute[] = [
  { name: 'displayName', required: true, uniqueness: 'server' },
  { name: 'externalId', caseExact: true },
  {
    name: 'members',
    type: 'complex',
    multiValued: true,
    subAttributes: [{ name: 'value', caseExact: true }, { name: '$ref', type: 'reference' }, { name: 'type' }],
  },
]

function attribute({ name, type = 'string', ...rest }: Attribute): JsonObject {
  const { multiValued = false, required = false, uniqueness = 'none', caseExact = false, subAttributes } = rest
  return {
    name,
    type,
    multiValued,
    description: name,
    required,
    caseExact,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness,
    ...(type === 'reference' ? { referenceTypes: ['User'] } : {}),
    ...(subAttributes === undefined ? {} : { subAttributes: subAttributes.map(attribute) }),
  }
}

function schema(type: string, attributes: readonly Attribute[]): JsonObject {
  return {
    schemas: [`${CORE}:Schema`],
    id: `${CORE}:${type}`,
    name: type,
    description: type,
    attributes: attributes.map(attribute),
    meta: { resourceType: 'Schema', location: `/scim/v2/Schemas/${CORE}:${type}` },
  }
}

function resourceType(type: string): JsonObject {
  return {
    schemas: [`${CORE}:ResourceType`],
    id: type,
    name: type,
    endpoint: `/${type}s`,
    description: type,
    schema: `${CORE}:${type}`,
    meta: { resourceType: 'ResourceType', location: `/scim/v2/ResourceTypes/${type}` },
  }
}

/** By the `id` of each. */
export const SCHEMAS: readonly JsonObject[] = [schema('User', USER), schema('Group', GROUP)]
export const RESOURCE_TYPES: readonly JsonObject[] = [resourceType('User'), resourceType('Group')]

export const SERVICE_PROVIDER: JsonObject = {
  schemas: [`${CORE}:ServiceProviderConfig`],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 200 },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: true },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: 'the token of `identity.scim.token`',
      specUri: 'https://www.rfc-editor.org/info/rfc6750',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: '/scim/v2/ServiceProviderConfig' },
}

export function listOf(resources: readonly JsonObject[]): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: resources.length,
    startIndex: 1,
    itemsPerPage: resources.length,
    Resources: resources,
  }
}
