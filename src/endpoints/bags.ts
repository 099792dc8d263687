import { isJsonObject, type JsonValue } from '../model/json.ts'
import { type Draft, examined, noteHosted, refuse, shown } from './draft.ts'
import { foldKey, isAscii, redirects } from './key-names.ts'
import { walkMember, walkTools } from './walk.ts'

/**
 * Plugins of a gateway: each is named by its `id`, which is no object's, and may name models that it asks. `engine` is
 * there how it searches or reads files.
 *
 * Source: OpenRouter's `plugins` (`web`, `file-parser`, `auto-router`, `fusion`).
 */
export function readPlugins(draft: Draft, plugins: JsonValue): undefined {
  if (plugins === null || plugins === false) return
  noteHosted(draft, 'plugins')
  for (const plugin of Array.isArray(plugins) ? plugins : [plugins]) {
    if (!isJsonObject(plugin)) return refuse(draft, '`plugins` must be a list of objects', 'plugins')
    for (const key in plugin) if (key !== 'id') readSetting(draft, key, plugin[key] as JsonValue)
  }
}

function readSetting(draft: Draft, key: string, value: JsonValue): undefined {
  if (key === 'engine' && typeof value === 'string') return
  if (key !== 'pdf' || !isJsonObject(value)) return walkMember(draft, key, value, true)
  for (const inner in value) readSetting(draft, inner, value[inner] as JsonValue)
}

/**
 * What a template is filled with: words of the caller's own, but for the arguments of the call that fills it, which engines
 * take from here, too. Another template is code, and tools that stand here are what the model is offered.
 *
 * Source: vLLM's advisory GHSA-6fvq-23cw-5628.
 */
export function readTemplateSettings(draft: Draft, settings: JsonValue): undefined {
  if (!isJsonObject(settings)) return
  for (const key in settings) {
    // What folding it may cost is counted as it is for every other key.
    if (!isAscii(key)) examined(draft, key)
    if (draft.problem !== null) return
    const folded = foldKey(key)
    if (folded === 'tools') walkTools(draft, settings[key] as JsonValue)
    else if (folded.endsWith('chattemplate') && redirects(key, folded)) {
      return refuse(draft, `\`${shown(key)}\` could redirect the call: leave it out`, key)
    }
  }
}
