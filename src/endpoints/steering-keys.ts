/** Keys that could redirect the call at the top of a body only: further down they are words like others. */
const STEERS = folded([
  ...['lora', 'loras', 'adapter', 'adapters', 'provider', 'providers', 'preset', 'agent_id', 'endpoint'],
  ...['organization', 'targets', 'strategy', 'provider_id', 'endpoints', 'backend', 'api_type', 'api_host', 'proxy'],
  ...['proxies', 'fallback', 'router', 'routing'],
  // Of gateways: heads of the request that they make, by which another account would pay and answer, and where else they
  // call.
  ...['headers', 'authorization', 'custom_headers', 'request_headers', 'provider_specific_header', 'default_query'],
  ...['context_window_fallback_dict', 'model_config', 'model_file_id_mapping', 'region_name', 'allowed_model_region'],
  ...['ssl_verify', 'mock_timeout', 'mock_tool_calls', 'use_litellm_proxy'],
  ...['dd_api_key', 'dd_site', 'dd_agent_host', 'dd_agent_port'],
])

/** Of these, keys that are known in other places, where they do not steer. */
const KNOWN: ReadonlySet<string> = new Set(['headers', 'authorization'])

/**
 * How settings of providers, and of those that a gateway writes what it hears down at, begin: accounts, roles, regions and
 * endpoints to call with instead of the upstream's own. No member of the APIs begins like one. Source: LiteLLM's pull
 * requests 26264, 27081, 33012.
 */
const PROVIDERS = [
  ...['aws', 'vertex', 'azure', 'oci', 'watsonx', 'gcp', 'sagemaker', 'snowflake', 'databricks', 'litellm', 's3'],
  ...['langfuse', 'langsmith', 'arize', 'phoenix', 'gcs', 'posthog', 'braintrust', 'humanloop', 'lunary', 'newrelic'],
  ...['wandb', 'weave'],
]
/** The same by what they end in. */
const SECRETS = [
  ...['credentials', 'password', 'apikey', 'iamtoken', 'servicekey', 'secretkey', 'accesstoken', 'authtoken'],
  ...['apitoken', 'hftoken'],
]
/** Adapters, however an engine calls what it takes them from: `image_loras`, `hf_lora`, `lora_weights`. */
const ADAPTERS = /^loras?|loras?$/

/** True for a key, as keys are compared, that could redirect the call where it stands at the top of a body. */
export function steers(key: string): boolean {
  if (STEERS.has(key) || ADAPTERS.test(key)) return true
  return PROVIDERS.some((name) => key.startsWith(name)) || SECRETS.some((name) => key.endsWith(name))
}

/** True for a key that does so though it is known, and something else below the top of bodies. */
export function steersAtTop(key: string): boolean {
  return KNOWN.has(key)
}

function folded(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.replaceAll('_', '')))
}
