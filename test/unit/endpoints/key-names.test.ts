import t from 'tap'
import { foldKey, redirects } from '../../../src/endpoints/key-names.ts'
import { steers } from '../../../src/endpoints/steering-keys.ts'

t.test('keys that could redirect a call', async (t) => {
  const refused = [
    ...['models', 'model_list', 'fallbacks', 'route', 'extra_body', 'extra_headers', 'api_base', 'base_url', 'api_key'],
    ...['api_version', 'custom_llm_provider', 'deployment_id', 'mock_response', 'fallback_models', 'model_name'],
    ...['context_window_fallbacks', 'model_id', 'engine', 'deployment', 'target_model', 'override_params'],
    ...[
      'litellm_params',
      'user_config',
      'Api_Base',
      'APIBASE',
      'api-base',
      'api base',
      'apiBase',
      ' engine',
      'Engine\n',
    ],
    ...['api\u200b_base', 'ＡＰＩ＿ＢＡＳＥ', 'аpi_base', 'fаllbacks', 'rоute'],
  ]
  for (const key of refused) t.ok(redirects(key), JSON.stringify(key))
  const passed = ['messages', 'temperature', 'router', 'engines', 'basement', 'modalities', 'remodel', 'model_kwargs']
  for (const key of [...passed, 'api', 'keys', 'key', 'version', '日本語', 'é']) t.notOk(redirects(key), key)
})

t.test('keys that look like `model`', async (t) => {
  const alike = [
    ...['Model', 'MODEL', 'mOdel', ' model', 'model ', 'model\t', 'model\u0000', 'mo_del', 'm-o-d-e-l', 'model\u200b'],
    ...['\ufeffmodel', 'mode\u00adl', 'ｍｏｄｅｌ', 'mоdel', 'modeӏ', 'mode1', 'm0del', 'rnodel', 'modél', 'móděl'],
    ...['𝐦𝐨𝐝𝐞𝐥', 'ⓜⓞⓓⓔⓛ', 'mod\u0435l', 'ᴍᴏᴅᴇʟ', 'mode|', 'mоde|', 'model\ud800'],
    ...['mo\u3164del', '\u115fmodel', 'model\uffa0', 'mode\ufe0fl', 'm\u20ddodel', `m\u0345\u0334odel`],
  ]
  for (const key of alike) t.ok(redirects(key), JSON.stringify(key))
  for (const key of ['model', 'modal', 'mode', 'yodel', 'm', '', 'modelo']) t.notOk(redirects(key), key)
})

t.test('a folded key has letters and digits only', async (t) => {
  const rows = [
    ['Model_List', 'modellist'],
    ['  api-key ', 'apikey'],
    ['ﬁle', 'file'],
    ['\u{1d400}pi', 'api'],
    ['', ''],
    ['___', ''],
  ] as const
  for (const [key, expected] of rows) t.equal(foldKey(key), expected, JSON.stringify(key))
})

t.test('settings of providers at the top of a body', async (t) => {
  const refused = [
    ...['aws_profile_name', 'aws_role_name', 'aws_web_identity_token', 'aws_sts_endpoint', 'awsRegionName'],
    ...['vertex_ai_credentials', 'vertex_ai_project', 'azure_username', 'azure_ad_token_provider', 'oci_key_file'],
    ...['watsonx_project_id', 'langfuse_host', 'zen_api_key', 'iam_token', 'sap_service_key', 'google_credentials'],
    ...['litellm_credential_name', 'litellm_metadata', 'langsmith_project', 'gcs_bucket_name', 's3_bucket_name'],
    ...['provider_specific_header', 'context_window_fallback_dict', 'Context-Window-Fallback-Dict', 'dd_site'],
    ...['image_loras', 'hf_lora', 'lora_weights', 'extra_lora', 'hf_token', 'access_token', 'arize_space_key'],
  ]
  for (const key of refused) t.ok(steers(foldKey(key)), key)
  for (const key of [
    'metadata',
    'user',
    'service_tier',
    'prompt_cache_key',
    'logprobs',
    'region',
    'explorations',
    'pad_token',
    'floral',
  ]) {
    t.notOk(steers(foldKey(key)), key)
  }
})
