import { type Import, importsOf, type Sources, targetOf } from './architecture-rules.ts'

const DECLARED = /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class) (\w+)/gm
const LISTED = /^export \{([^}]*)\}/gm
const NAMED = /^(?:import|export)(?: type)? \{([^}]*)\} from '([^']+)'/gm

/**
 * Each value that a file exports and no other file imports, as `file: name`. A dynamic import takes all of a file. Types are
 * left out: those of what a file exports are part of how it is used, whether or not somebody names them.
 */
export function unusedExports(sources: Sources): string[] {
  const taken = new Set<string>()
  for (const [file, source] of sources) {
    for (const [, list = '', specifier = ''] of source.matchAll(NAMED)) {
      const target = targetOf(importOf(file, specifier))
      for (const name of namesIn(list)) taken.add(`${target}: ${name.imported}`)
    }
    for (const { specifier, dynamic } of importsOf(file, source)) {
      if (dynamic) taken.add(`${targetOf(importOf(file, specifier))}: *`)
    }
    for (const [, specifier = ''] of source.matchAll(/^import \* as \w+ from '([^']+)'/gm)) {
      taken.add(`${targetOf(importOf(file, specifier))}: *`)
    }
  }
  return [...sources].flatMap(([file, source]) =>
    exportsOf(source)
      .map((name) => `${file}: ${name}`)
      .filter((found) => !taken.has(found) && !taken.has(`${file}: *`)),
  )
}

function exportsOf(source: string): string[] {
  const declared = [...source.matchAll(DECLARED)].map(([, name = '']) => name)
  const listed = [...source.matchAll(LISTED)].flatMap(([, list = '']) => namesIn(list).map(({ exported }) => exported))
  return [...declared, ...listed]
}

/** `a, type b as c`: what each one is called where it comes from, and here. */
function namesIn(list: string): { imported: string; exported: string }[] {
  return list
    .split(',')
    .map((one) => one.trim().replace(/^type\s+/, ''))
    .filter((one) => one !== '')
    .map((one) => {
      const [imported = '', exported = imported] = one.split(/\s+as\s+/)
      return { imported, exported }
    })
}

function importOf(from: string, specifier: string | null): Import {
  return { from, specifier, typeOnly: false, dynamic: false }
}
