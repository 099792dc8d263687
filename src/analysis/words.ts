import { unreachable } from '../model/exhaustive.ts'
import type { Part, PartTest, Texts } from './parts.ts'

/** What a rule asks, in words: the one place where they are chosen. Names may be hostile: what prints them escapes them. */

/** A name as it stands in a sentence: plain ones as they are, others in JSON's quotes. */
export function shownName(name: string): string {
  return /^[\p{L}\p{N}_@*][\p{L}\p{N}_.:@*/+-]*$/u.test(name) ? name : JSON.stringify(name)
}

/** A role in a sentence; null is everybody, and a role of that name is told from it by its quotes. */
export function shownRole(role: string | null): string {
  if (role === null) return 'everybody'
  return role === 'everybody' ? '"everybody"' : shownName(role)
}

/** `a`, `a or b`, `a, b or c`. */
function either(names: readonly string[], word = 'or'): string {
  const shown = names.map(shownName)
  const last = shown.pop() ?? 'none'
  return shown.length === 0 ? last : `${shown.join(', ')} ${word} ${last}`
}

/** A measure with its unit apart: `12 h`, `200 KiB`. */
function measure(written: string): string {
  return written.replace(/^(\d+)(\D+)$/, '$1 $2')
}

/** The parts of an allow as what a caller needs: `with MFA younger than 12 h`, `from 10.0.0.0/8`. */
export function needs(parts: readonly Part[]): { readonly condition: string; readonly text: string }[] {
  // An allow that grants no hosts says what all of them do that are silent.
  const said = told(parts).filter(({ fact, test }) => fact !== 'urls' || !isNone(test))
  return said.map((part) => ({ condition: part.condition, text: need(part) }))
}

/**
 * The parts of a deny as what a request must not be: `the request has images`. `isGiven` tells roles that the caller can
 * have in no way but by being given them, as API keys and users of the store are.
 */
export function clauses(
  parts: readonly { readonly part: Part; readonly orUntold: boolean }[],
  isGiven: (role: string) => boolean = () => false,
): { readonly condition: string; readonly text: string }[] {
  const kept = new Set(told(parts.map(({ part }) => part)))
  return parts
    .filter(({ part }) => kept.has(part))
    .map(({ part, orUntold }) => {
      const { condition, test } = part
      const areGiven = test.kind === 'roles' && test.names.every(isGiven)
      const text = areGiven ? `the caller was given the role ${either(test.names)}` : clause(part)
      return { condition, text: orUntold ? `${text} or cannot be told` : text }
    })
}

/** `mfa: { max_age }` is two parts and one thing to say. */
function told(parts: readonly Part[]): Part[] {
  const hasAge = parts.some(({ fact }) => fact === 'mfa_age')
  return parts.filter(({ fact }) => fact !== 'mfa' || !hasAge)
}

function isNone(test: PartTest): boolean {
  return test.kind === 'every' && test.texts.exact.length + test.texts.patterns.length === 0
}

function need({ fact, test }: Part): string {
  switch (test.kind) {
    case 'is':
      if (fact === 'mfa') return 'with MFA'
      if (fact === 'stream') return test.value ? 'streamed' : 'not streamed'
      return `${test.value ? 'with' : 'without'} ${fact}`
    case 'most':
      if (fact === 'mfa_age') return `with MFA younger than ${measure(test.written)}`
      if (fact === 'bytes') return `with a body of up to ${measure(test.written)}`
      return `up to ${test.written} output tokens`
    case 'text':
      if (fact === 'model') return `for the ${plural('model', test.texts)} ${anyOf(test.texts)}`
      if (fact === 'acr') return `with the acr ${anyOf(test.texts)}`
      return `with the header ${shownName(nameIn(fact))} ${anyOf(test.texts)}`
    case 'some':
      return `with the claim ${pathOf(test.path)} ${anyOf(test.texts)}`
    case 'every':
      return isNone(test)
        ? `without ${THINGS[fact] ?? fact}`
        : `with no ${THINGS[fact] ?? fact} but ${anyOf(test.texts, 'and')}`
    case 'among':
      if (fact === 'method') return `authenticated by ${either(test.names)}`
      return `in the workspace ${either(test.names)}`
    case 'network':
      return `from ${either(test.ranges)}`
    case 'time':
      return `on ${windowOf(test)}`
    case 'region':
      return `served in ${either(test.regions)}`
    case 'label':
      return `served where ${shownName(test.label)} is ${shownName(test.value)}`
    case 'roles':
      return `with the role ${either(test.names)}`
    default:
      return unreachable(test)
  }
}

function clause({ fact, test }: Part): string {
  switch (test.kind) {
    case 'is':
      if (fact === 'mfa') return 'the caller has MFA'
      if (fact === 'stream') return test.value ? 'the request is streamed' : 'the request is not streamed'
      return `the request has ${test.value ? '' : 'no '}${fact}`
    case 'most':
      if (fact === 'mfa_age') return `the caller has MFA younger than ${measure(test.written)}`
      if (fact === 'bytes') return `the body has at most ${measure(test.written)}`
      return `the request asks for at most ${test.written} output tokens`
    case 'text':
      if (fact === 'model') return `the model is ${anyOf(test.texts)}`
      if (fact === 'acr') return `the acr is ${anyOf(test.texts)}`
      return `the header ${shownName(nameIn(fact))} is ${anyOf(test.texts)}`
    case 'some':
      return `the claim ${pathOf(test.path)} is ${anyOf(test.texts)}`
    case 'every':
      if (isNone(test)) return `the request has no ${THINGS[fact] ?? fact}`
      return `the request has no ${THINGS[fact] ?? fact} but ${anyOf(test.texts, 'and')}`
    case 'among':
      if (fact === 'method') return `the caller is authenticated by ${either(test.names)}`
      return `the workspace is ${either(test.names)}`
    case 'network':
      return `the client is in ${either(test.ranges)}`
    case 'time':
      return `it is ${windowOf(test)}`
    case 'region':
      return `it is served in ${either(test.regions)}`
    case 'label':
      return `it is served where ${shownName(test.label)} is ${shownName(test.value)}`
    case 'roles':
      return `the caller has, or may have, the role ${either(test.names)}`
    default:
      return unreachable(test)
  }
}

const THINGS: { readonly [fact: string]: string } = {
  functions: 'functions',
  hosted: 'hosted tools',
  urls: 'URLs',
}

function anyOf({ exact, patterns }: Texts, word = 'or'): string {
  return either([...exact, ...patterns], word)
}

function plural(word: string, { exact, patterns }: Texts): string {
  return exact.length + patterns.length === 1 && patterns.length === 0 ? word : `${word}s`
}

function nameIn(fact: string): string {
  return fact.slice(fact.indexOf(' ') + 1)
}

function pathOf(path: readonly string[]): string {
  return shownName(path.every((step) => !step.includes('.')) ? path.join('.') : JSON.stringify(path))
}

function windowOf({ window: { days, from, to, zone } }: Extract<PartTest, { kind: 'time' }>): string {
  const hours = from === undefined ? '' : ` from ${from} to ${to}`
  return `${days ? either(days) : 'any day'}${hours} (${zone})`
}
