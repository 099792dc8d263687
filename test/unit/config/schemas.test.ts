import { readFileSync } from 'node:fs'
import t from 'tap'
import { editorSchemas } from '../../../scripts/schemas.ts'
import { loadConfig } from '../../../src/config/load.ts'

const root = new URL('../../../', import.meta.url)

/** Paths of objects that would let an unknown key pass. */
function openObjects(schema: unknown, path = '$'): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const rules = schema as {
    type?: unknown
    properties?: unknown
    additionalProperties?: unknown
    patternProperties?: unknown
  }
  const isTyped = typeof rules.additionalProperties === 'object' || rules.patternProperties !== undefined
  const isOpen = rules.type === 'object' && rules.additionalProperties !== false && !isTyped
  const inner = Object.entries(schema).flatMap(([key, value]) => {
    return key === 'default' || key === 'examples' ? [] : openObjects(value, `${path}.${key}`)
  })
  return isOpen ? [path, ...inner] : inner
}

t.test('the committed editor schemas are those of the code, and closed', async (t) => {
  for (const [path, text] of await editorSchemas()) {
    t.equal(readFileSync(new URL(path, root), 'utf8'), text, `${path} is what \`npm run schemas\` writes`)
    t.same(openObjects(JSON.parse(text)), [], `${path} has no open object`)
  }
})

t.test('an open object is found', async (t) => {
  t.same(openObjects({ properties: { a: { type: 'object', properties: {} } } }), ['$.properties.a'])
})

t.test('every key of the config schema is described', async (t) => {
  const [text = ''] = (await editorSchemas()).values()
  const bare: string[] = []
  const visit = (
    rules: { description?: string; properties?: Record<string, object>; items?: object },
    path: string,
  ) => {
    if (!rules.description) bare.push(path)
    for (const [key, member] of Object.entries(rules.properties ?? {})) visit(member, `${path}.${key}`)
    if (rules.items) visit(rules.items, `${path}[]`)
  }
  visit(JSON.parse(text), '$')
  t.same(bare, [])
})

t.test('the starter config is sound', async (t) => {
  const file = new URL('config/sallyport.yaml', root).pathname
  const { problems } = await loadConfig(file, { env: { OPENAI_API_KEY: 'k' }, secrets: true })
  t.same(problems, [])
})
