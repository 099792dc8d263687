import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TSchema } from 'typebox'
import { issuerSchema } from '../src/config/identity-schema.ts'
import { configSchema } from '../src/config/schema.ts'
import { editorSchema } from '../src/schema/editor-schema.ts'

const at = (path: string) => new URL(`../${path}`, import.meta.url)

/** The editor schemas, by their paths in the repository, as text. The same objects check the files at load. */
export async function editorSchemas(): Promise<ReadonlyMap<string, string>> {
  const written = new Map([
    ['config/sallyport.schema.json', editorSchema('Sallyport config', configSchema({ issuer: issuerSchema }))],
  ])
  const policy = at('src/policy/schema.ts')
  if (existsSync(policy)) {
    const { policySchema } = (await import(policy.href)) as { policySchema: TSchema }
    written.set('policies/policy.schema.json', editorSchema('Sallyport policy', policySchema))
  }
  return written
}

/** True when the file already holds what would be written. */
function isCurrent(path: string, text: string): boolean {
  return existsSync(at(path)) && readFileSync(at(path), 'utf8') === text
}

// With `--check` nothing is written: a file that differs is named and the exit code is 1.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await editorSchemas()) {
    if (isCurrent(path, text)) continue
    if (process.argv.includes('--check')) {
      process.stdout.write(`${path} is not what its schema generates: npm run schemas\n`)
      process.exitCode = 1
    } else {
      writeFileSync(at(path), text)
    }
  }
}
