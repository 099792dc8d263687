import { compilePattern, isPattern } from '../model/pattern.ts'
import type { TextTest } from '../policy/text-test.ts'
import { type Budget, TooLarge } from './space-solve.ts'

/** One text, or with `isPattern` all that match it. */
export interface TextAtom {
  readonly text: string
  readonly isPattern: boolean
}

/** What one rule asks of a text: any of its atoms is enough. */
export type TextSelector = readonly TextAtom[]

/** Names and patterns as lists of models, operations, tools and hosts write them. */
export function namesSelector(names: readonly string[]): TextSelector {
  return names.map((text) => ({ text, isPattern: isPattern(text) }))
}

/** A test of a claim or header: a star stands for anything in `matches` only. */
export function testSelector({ equals, in: list, matches }: TextTest): TextSelector {
  if (matches !== undefined) return [{ text: matches, isPattern: isPattern(matches) }]
  return (list ?? [equals ?? '']).map((text) => ({ text, isPattern: false }))
}

export function selectorTest(selector: TextSelector): (text: string) => boolean {
  const exact = new Set(selector.filter((atom) => !atom.isPattern).map(({ text }) => text))
  const patterns = selector.filter((atom) => atom.isPattern).map(({ text }) => compilePattern(text))
  return (text) => exact.has(text) || patterns.some((test) => test(text))
}

const STAR = Symbol('star')
type Token = string | typeof STAR

/** Where one may be in one atom: its index, and how many of its tokens are behind. */
type Position = readonly [atom: number, at: number]

interface State {
  readonly positions: readonly Position[]
  readonly word: string
}

/** What one step in one pattern costs, in formulas that could be looked at meanwhile. */
const STEP_COST = 15

/**
 * A text for every combination of answers that the selectors can give together, and no two for the same: whatever a text
 * is, one of these is answered alike by all of them. Texts that the selectors name themselves are preferred. Exact, by
 * going through the states of all patterns at once; overlaps are found, and combinations that no text can have are not.
 */
export function textClasses(
  selectors: readonly TextSelector[],
  budget: Budget,
  preferred: readonly string[],
): string[] {
  const tests = selectors.map(selectorTest)
  const answers = (text: string) => tests.map((test) => (test(text) ? '1' : '0')).join('')
  const found = new Map<string, string>()
  const add = (text: string) => {
    const key = answers(text)
    if (!found.has(key)) found.set(key, text)
  }
  const atoms = new Map(selectors.flat().map((atom) => [`${atom.isPattern}:${atom.text}`, atom]))
  for (const text of preferred) add(text)
  for (const { text, isPattern } of atoms.values()) if (!isPattern) add(text)
  const [empty = '', ...others] = words([...atoms.values()], budget)
  for (const word of [...others, empty]) add(word)
  return [...found.values()]
}

/** A shortest word for every state that the atoms can be in together. */
function words(atoms: readonly TextAtom[], budget: Budget): string[] {
  const tokens = atoms.map(tokensOf)
  const other = foreignCharacter(tokens)
  const start: State = {
    positions: settled(
      tokens,
      tokens.flatMap((_, atom) => skipStars(tokens, [atom, 0])),
    ),
    word: '',
  }
  const seen = new Map([[keyOf(start.positions), start]])
  // A map's iteration reaches what is added on the way.
  for (const { positions, word } of seen.values()) {
    const characters = charactersFrom(tokens, positions, other)
    budget.left -= STEP_COST * characters.size * (positions.length + 1)
    if (budget.left < 0) throw new TooLarge('the patterns overlap in too many ways')
    for (const character of characters) {
      const next = settled(
        tokens,
        positions.flatMap((position) => step(tokens, position, character)),
      )
      const key = keyOf(next)
      if (!seen.has(key)) seen.set(key, { positions: next, word: word + character })
    }
  }
  return [...seen.values()].map(({ word }) => word)
}

function tokensOf({ text, isPattern }: TextAtom): Token[] {
  const characters: Token[] = [...text]
  if (!isPattern) return characters
  return characters
    .map((character) => (character === '*' ? STAR : character))
    .filter((token, index, all) => token !== STAR || all[index - 1] !== STAR)
}

/** A character that no atom names: it stands for all of these. */
function foreignCharacter(tokens: readonly (readonly Token[])[]): string {
  const used = new Set(tokens.flat())
  for (const plain of 'xyzqjkwv0123456789') if (!used.has(plain)) return plain
  let code = 0x4e00
  while (used.has(String.fromCodePoint(code))) code++
  return String.fromCodePoint(code)
}

function charactersFrom(
  tokens: readonly (readonly Token[])[],
  positions: readonly Position[],
  other: string,
): ReadonlySet<string> {
  const characters = new Set([other])
  for (const [atom, at] of positions) {
    const token = tokens[atom]?.[at]
    if (typeof token === 'string') characters.add(token)
  }
  return characters
}

function skipStars(tokens: readonly (readonly Token[])[], [atom, at]: Position): Position[] {
  return tokens[atom]?.[at] === STAR
    ? [
        [atom, at],
        [atom, at + 1],
      ]
    : [[atom, at]]
}

function step(tokens: readonly (readonly Token[])[], [atom, at]: Position, character: string): Position[] {
  const token = tokens[atom]?.[at]
  if (token === STAR) return skipStars(tokens, [atom, at])
  return token === character ? skipStars(tokens, [atom, at + 1]) : []
}

/**
 * Sorted, each once, and without those before the last star that was reached in an atom: whatever they lead to, the star
 * leads to as well. Keeps the states few.
 */
function settled(tokens: readonly (readonly Token[])[], positions: readonly Position[]): Position[] {
  const lastStar = new Map<number, number>()
  for (const [atom, at] of positions) {
    if (tokens[atom]?.[at] === STAR) lastStar.set(atom, Math.max(lastStar.get(atom) ?? 0, at))
  }
  const unique = new Map(positions.map((position) => [position.join(':'), position]))
  return [...unique.values()]
    .filter(([atom, at]) => at >= (lastStar.get(atom) ?? 0))
    .sort(([a, x], [b, y]) => a - b || x - y)
}

function keyOf(positions: readonly Position[]): string {
  return positions.map((position) => position.join(':')).join(',')
}
