/** Small changes of a source that its tests should notice. */
import { stripTypeScriptTypes } from 'node:module'
import { type AnyNode, parse } from 'acorn'

export interface Mutant {
  /** From one in the file. */
  readonly line: number
  readonly start: number
  readonly end: number
  readonly before: string
  readonly after: string
}

export interface Mutable {
  /** The source without types; lines and columns are those of the file. */
  readonly source: string
  readonly mutants: readonly Mutant[]
}

type Change = (node: AnyNode, after: string) => void
type Text = (node: AnyNode) => string

const OPERATORS: { readonly [operator: string]: readonly string[] } = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '<<': ['>>'],
  '&': ['|'],
  '|': ['&'],
  '^': ['|'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
}
const WORDS: { readonly [word: string]: readonly string[] } = {
  yes: ['no', 'unknown'],
  no: ['yes', 'unknown'],
  unknown: ['yes', 'no'],
  allow: ['deny'],
  deny: ['allow'],
}
const CALLS: { readonly [name: string]: string } = {
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  max: 'min',
  min: 'max',
  both: 'either',
  either: 'both',
}
/** Methods that answer a list or text of the same kind: leaving the call out is a mutant. */
const FILTERS = ['filter', 'sort', 'slice', 'toLowerCase', 'reverse', 'difference', 'replaceAll', 'trim']
/** A word that something may compare with; sentences for people are not mutated. */
const CODE = /^[a-z][a-z0-9_]*$/

/** Strips the types of a module and finds every mutant of it, in the order of the source. */
export function findMutants(written: string): Mutable {
  const source = stripTypeScriptTypes(written)
  const lineStarts = [0]
  for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) lineStarts.push(at + 1)
  const mutants: Mutant[] = []
  const text: Text = ({ start, end }) => source.slice(start, end)
  const change: Change = ({ start, end }, after) => {
    const line = lineStarts.findLastIndex((offset) => offset <= start) + 1
    mutants.push({ line, start, end, before: source.slice(start, end), after })
  }
  const visit = (node: AnyNode): void => {
    if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') return
    mutate(node, text, change)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(parse(source, { ecmaVersion: 'latest', sourceType: 'module' }))
  return { source, mutants: mutants.sort((a, b) => a.start - b.start || a.end - b.end) }
}

/** Keys are no values: what a member is called is the compiler's business. */
function childrenOf(node: AnyNode): AnyNode[] {
  return Object.entries(node).flatMap(([key, value]) => {
    if (node.type === 'Property' && key === 'key') return []
    return (Array.isArray(value) ? value : [value]).filter(isNode)
  })
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

function mutate(node: AnyNode, text: Text, change: Change): void {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression':
      mutateOperator(node, text, change)
      break
    case 'UnaryExpression':
      if (node.operator === '!' || node.operator === '-') change(node, text(node.argument))
      break
    case 'UpdateExpression':
      change(node, text(node).replace(/\+\+|--/, node.operator === '++' ? '--' : '++'))
      break
    case 'ConditionalExpression':
      for (const branch of [node.consequent, node.alternate]) change(node, `(${text(branch)})`)
      break
    case 'Literal':
      mutateLiteral(node.value, node, change)
      break
    case 'ArrayExpression':
      mutateList(node.elements, node, text, change)
      break
    case 'CallExpression':
      mutateCall(node, text, change)
      break
    default:
      mutateStatement(node, change)
  }
}

function mutateStatement(node: AnyNode, change: Change): void {
  switch (node.type) {
    case 'IfStatement':
      for (const truth of ['true', 'false']) change(node.test, truth)
      break
    case 'WhileStatement':
    case 'ForStatement':
      if (node.test) change(node.test, 'false')
      break
    case 'ForOfStatement':
      change(node.right, '[]')
      break
    case 'ExpressionStatement':
    case 'ContinueStatement':
    case 'BreakStatement':
      change(node, ';')
      break
  }
}

function mutateOperator(
  node: AnyNode & { type: 'BinaryExpression' | 'LogicalExpression' | 'AssignmentExpression' },
  text: Text,
  change: Change,
): void {
  const { operator } = node
  for (const other of OPERATORS[operator] ?? []) change(node, `(${text(node.left)} ${other} ${text(node.right)})`)
  if (node.type !== 'LogicalExpression') return
  change(node, `(${text(node.left)})`)
  if (operator !== '??') change(node, `(${text(node.right)})`)
}

function mutateLiteral(value: unknown, node: AnyNode, change: Change): void {
  if (typeof value === 'boolean') change(node, String(!value))
  else if (typeof value === 'number') change(node, String(value + 1))
  else if (typeof value !== 'string') return
  else if (Object.hasOwn(WORDS, value)) for (const word of WORDS[value] ?? []) change(node, `'${word}'`)
  else if (CODE.test(value)) change(node, "'mutated'")
}

function mutateList(elements: readonly (AnyNode | null)[], node: AnyNode, text: Text, change: Change): void {
  for (const [index] of elements.entries()) {
    const left = elements.filter((element, place) => element !== null && place !== index)
    change(node, `[${left.map((element) => (element ? text(element) : '')).join(', ')}]`)
  }
}

function mutateCall(node: AnyNode & { type: 'CallExpression' }, text: Text, change: Change): void {
  const { callee, arguments: given } = node
  const isMember = callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
  const name = isMember ? text(callee.property) : callee.type === 'Identifier' ? callee.name : ''
  const other = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined
  if (other !== undefined && (isMember || given.length > 0)) {
    const owner = isMember ? `${text(callee.object)}.` : ''
    change(node, `${owner}${other}(${given.map(text).join(', ')})`)
  }
  if (isMember && FILTERS.includes(name)) change(node, text(callee.object))
  const [only] = given
  if (name === 'yesOrNo' && only) change(node, `yesOrNo(!(${text(only)}))`)
}
