import type { Alias, CST, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { Composer, type Document, isAlias, isMap, isScalar, isSeq, Lexer, Parser, stringify } from 'yaml'
import type { JsonValue } from '../model/json.ts'
import type { PlacedProblem } from '../model/problem.ts'
import { lineFinder, Outline, type Path, type Place } from './yaml-outline.ts'
import { plainScalarFault, setOwn } from './yaml-scalars.ts'
import { syntaxMessage, textFault, tokenWatch } from './yaml-text.ts'

/** The most values that a file may hold: 10,000 rules with thirty each. */
const MAX_NODES = 300_000
/** What a value counts that an alias repeats: it is one more object in memory, however short the file is. */
const REPEATED = 3
const MAX_DEPTH = 64
const TOO_MANY = `more than ${MAX_NODES} values, those that aliases repeat counted ${REPEATED} times; split the file`
const MAX_PROBLEMS = 100

/** A strictly read file. `document` is null when there is any problem. */
export interface YamlFile {
  readonly document: JsonValue | null
  /** What could be read in spite of problems, so that a check can go on and find the others; never to be used. */
  readonly partial: JsonValue | null
  /** Paths whose values have been reported already. */
  readonly reported: readonly Path[]
  readonly problems: readonly PlacedProblem[]
  readonly place: Place
}

type Note = (offset: number, code: string, message: string) => void

/**
 * Reads YAML 1.2 core so that every reader and every person reads the same: refuses merge keys, tags, directives, several
 * documents, duplicate and non-text keys, empty values, booleans of YAML 1.1 and numbers that do not read back as written.
 * Aliases work. Bounded in time, depth and count; never throws. `place` answers with the nearest node of a path.
 */
export function parseYaml(text: string, file: string): YamlFile {
  const where = lineFinder(text)
  const problems: PlacedProblem[] = []
  const seen = new Set<string>()
  const note: Note = (offset, code, message) => {
    const { line, column } = where(offset)
    if (problems.length >= MAX_PROBLEMS || seen.has(`${line}:${column}`)) return
    seen.add(`${line}:${column}`)
    problems.push({ file, line, column, severity: 'error', code, message })
  }
  const broken = { document: null, partial: null, reported: [], problems, place: () => ({ line: 1, column: 1 }) }

  const fault = textFault(text)
  if (fault) note(fault.offset, fault.code, fault.message)
  if (fault) return broken
  const root = compose(text, note)
  const targets = root && resolveAliases(root, note)
  if (!root || !targets) return broken
  const outline = new Outline()
  const reading: Reading = { targets, note, outline, count: 0, aliases: 0, open: new Set(), path: [], reported: [] }
  const partial = readAt(reading, null, root, root)
  const place: Place = (path, at = 'value') => where(outline.locate(path, at))
  return { document: problems.length === 0 ? partial : null, partial, reported: reading.reported, problems, place }
}

/** Writes plain values as YAML. */
export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** The syntax, in one pass: telling tokens apart is a good part of the work. Throws where there are too many of them. */
function* parsed(text: string, note: Note): Generator<CST.Token, void> {
  const parser = new Parser()
  const look = tokenWatch(note)
  for (const token of new Lexer().lex(text)) {
    if (look(token) > MAX_NODES * 6) throw new TooManyTokens()
    yield* parser.next(token)
  }
  yield* parser.end()
}

class TooManyTokens extends Error {}

function compose(text: string, note: Note): Node | null {
  let documents: Document[]
  try {
    const composer = new Composer({
      uniqueKeys: false,
      merge: false,
      resolveKnownTags: false,
      prettyErrors: false,
      logLevel: 'silent',
    })
    documents = [...composer.compose(parsed(text, note), true, text.length)] as Document[]
  } catch (cause) {
    if (cause instanceof TooManyTokens) note(0, 'too_many_values', TOO_MANY)
    else note(0, 'too_deep', `values are nested more than ${MAX_DEPTH} deep`)
    return null
  }
  const [document, second] = documents
  for (const { errors, warnings } of documents) {
    for (const { pos, code, message } of [...errors, ...warnings]) {
      if (code === 'RESOURCE_EXHAUSTION') note(pos[0], 'too_deep', `values are nested more than ${MAX_DEPTH} deep`)
      else if (code !== 'TAG_RESOLVE_FAILED') note(pos[0], 'yaml_syntax', syntaxMessage(code, message))
    }
  }
  if (second)
    note(
      second.range?.[0] ?? 0,
      'several_documents',
      'a file holds one document; move what follows into a file of its own',
    )
  const broken = documents.some(({ errors }) => errors.some(({ code }) => code !== 'TAG_RESOLVE_FAILED'))
  if (broken || !document) return null
  if (!document.contents) note(0, 'empty_file', 'the file is empty')
  return document.contents as Node | null
}

/** The node that each alias stands for: the last one with that anchor before it. Null when the tree is too deep. */
function resolveAliases(root: Node, note: Note): Map<Alias, Node> | null {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  const visit = (node: unknown, depth: number): boolean => {
    if (depth > MAX_DEPTH) {
      note(startOf(node), 'too_deep', `values are nested more than ${MAX_DEPTH} deep`)
      return false
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target) targets.set(node, target)
      else note(startOf(node), 'unknown_alias', `no anchor \`&${node.source}\` stands before this alias`)
      return true
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor) anchors.set(node.anchor, node as Node)
    if (isMap(node)) return node.items.every(({ key, value }) => visit(key, depth + 1) && visit(value, depth + 1))
    return !isSeq(node) || node.items.every((item) => visit(item, depth + 1))
  }
  return visit(root, 1) ? targets : null
}

interface Reading {
  readonly targets: ReadonlyMap<Alias, Node>
  readonly note: Note
  readonly outline: Outline
  readonly open: Set<unknown>
  /** Where the reading is: one list for all values, since most have nothing to report. */
  readonly path: (string | number)[]
  readonly reported: Path[]
  count: number
  /** The aliases that the reading is inside of. */
  aliases: number
}

/** The value of a node. `owner` is the node to point at when the value itself is nowhere to be seen: its key. */
function read(reading: Reading, node: unknown, owner: unknown): JsonValue {
  const { path, open, targets } = reading
  reading.count += reading.aliases === 0 ? 1 : REPEATED
  if (reading.count > MAX_NODES) return refuse(reading, 'too_many_values', TOO_MANY, owner)
  if (path.length >= MAX_DEPTH)
    return refuse(reading, 'too_deep', `values are nested more than ${MAX_DEPTH} deep`, owner)
  if (isScalar(node)) return readScalar(reading, node, owner)
  const target = isAlias(node) ? targets.get(node) : node
  if (isAlias(node) && !target) {
    reading.reported.push([...path])
    return null
  }
  if (!target) return refuse(reading, 'no_value', `${named(path)} has no value; write one or remove the key`, owner)
  if (open.has(target)) return refuse(reading, 'alias_cycle', 'an alias stands inside of what it stands for', node)
  if (isAlias(node)) return readAlias(reading, target, node)
  open.add(target)
  const value = isMap(target) ? readMap(reading, target) : isSeq(target) ? readList(reading, target) : null
  open.delete(target)
  return value
}

function readAlias(reading: Reading, target: unknown, alias: Alias): JsonValue {
  reading.aliases++
  const value = read(reading, target, alias)
  reading.aliases--
  return value
}

function refuse({ reported, path, note }: Reading, code: string, message: string, at: unknown): null {
  reported.push([...path])
  note(startOf(at), code, message)
  return null
}

/** One step inside; null for the whole. `key` is the node of the key, or what stands for it. */
function readAt(reading: Reading, step: string | number | null, node: unknown, key: unknown): JsonValue {
  const row = reading.outline.open(step, startOf(isUnseen(node) ? key : node), startOf(key))
  if (step !== null) reading.path.push(step)
  const value = read(reading, node, key)
  if (step !== null) reading.path.pop()
  reading.outline.close(row)
  return value
}

/** Nothing of the value can be seen in the file. */
const isUnseen = (node: unknown): boolean => !node || (isScalar(node) && node.type === 'PLAIN' && node.source === '')

function readList(reading: Reading, node: YAMLSeq): JsonValue {
  return node.items.map((item, index) => readAt(reading, index, item, item ?? node))
}

function readScalar(reading: Reading, node: Scalar, owner: unknown): JsonValue {
  const value = node.value as JsonValue
  if (node.type !== 'PLAIN') return value
  const fault = plainScalarFault(node.source ?? '', value)
  if (!fault) return value
  refuse(reading, fault.code, `${named(reading.path)} ${fault.message}`, node.source === '' ? owner : node)
  return typeof value === 'number' && !Number.isFinite(value) ? null : value
}

function readMap(reading: Reading, node: YAMLMap): JsonValue {
  const object: { [key: string]: JsonValue } = {}
  for (const { key, value } of node.items) {
    const at = key ?? value ?? node
    if (!isScalar(key) || typeof key.value !== 'string') {
      reading.note(startOf(at), 'key_not_text', 'a key must be text; write it in quotes')
    } else if (key.value === '<<' && key.type === 'PLAIN') {
      reading.note(
        startOf(at),
        'merge_key',
        'merge keys (`<<`) are not understood; write the keys out, or use an alias for a whole value',
      )
    } else if (Object.hasOwn(object, key.value)) {
      reading.note(startOf(at), 'duplicate_key', `\`${key.value}\` stands here twice; keep one`)
    } else {
      setOwn(object, key.value, readAt(reading, key.value, value, key))
    }
  }
  return object
}

const named = (path: Path): string => (typeof path.at(-1) === 'string' ? `\`${path.at(-1)}\`` : 'this value')
const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0
