/**
 * The part of tap's interface that the tests of the policy use, for running them many times in one process: it stops at
 * the first failure and prints nothing. A member that is missing here fails the run before the first mutant.
 */
import assert from 'node:assert'

type Body = (t: Assertions) => unknown

class Failed extends Error {}

class Assertions {
  #last: Promise<unknown> = Promise.resolve()
  readonly #teardowns: (() => unknown)[] = []

  /** Tests of one level run one after the other, awaited or not. */
  test(name: string, body: Body): Promise<unknown> {
    this.#last = this.#last.then(async () => {
      const inner = new Assertions()
      try {
        await body(inner)
        await inner.settled()
      } catch (cause) {
        throw new Failed(name, { cause })
      }
    })
    // Whoever waits for the whole file hears of a failure; whoever started this test may not be waiting.
    this.#last.catch(() => {})
    return this.#last
  }

  async settled(): Promise<void> {
    await this.#last
    for (const undo of this.#teardowns) await undo()
  }

  teardown(undo: () => unknown): void {
    this.#teardowns.push(undo)
  }

  ok(value: unknown, name = 'ok'): void {
    if (!value) throw new Failed(name)
  }

  notOk(value: unknown, name = 'not ok'): void {
    this.ok(!value, name)
  }

  equal(got: unknown, wanted: unknown, name = 'equal'): void {
    this.ok(Object.is(got, wanted) || got === wanted, name)
  }

  not(got: unknown, other: unknown, name = 'not'): void {
    this.ok(got !== other, name)
  }

  same(got: unknown, wanted: unknown, name = 'same'): void {
    assert.deepEqual(got, wanted, new Failed(name))
  }

  strictSame(got: unknown, wanted: unknown, name = 'strictly same'): void {
    assert.deepStrictEqual(got, wanted, new Failed(name))
  }

  match(got: unknown, wanted: unknown, name = 'match'): void {
    this.ok(matches(got, wanted), name)
  }

  type(got: unknown, wanted: string, name = 'type'): void {
    const type: string = typeof got
    this.ok(type === wanted, name)
  }

  throws(run: () => unknown, wanted: unknown = {}, name = 'throws'): void {
    try {
      run()
    } catch (cause) {
      this.match(cause, wanted, name)
      return
    }
    throw new Failed(name)
  }

  async rejects(run: Promise<unknown> | (() => Promise<unknown>), wanted: unknown = {}, name = 'rejects') {
    const outcome = await (typeof run === 'function' ? run() : run).then(
      () => null,
      (cause: unknown) => ({ cause }),
    )
    this.ok(outcome, name)
    this.match(outcome?.cause, wanted, name)
  }

  pass(): void {}
  comment(): void {}

  fail(name = 'fail'): void {
    throw new Failed(name)
  }
}

/** Everything that is wanted is there; more may be. */
function matches(got: unknown, wanted: unknown): boolean {
  if (wanted instanceof RegExp) return wanted.test(String(got))
  if (typeof wanted === 'string' && typeof got === 'string') return got.includes(wanted)
  if (typeof wanted !== 'object' || wanted === null) return Object.is(got, wanted)
  if (typeof got !== 'object' || got === null) return false
  return Object.entries(wanted).every(([key, value]) => matches((got as { [key: string]: unknown })[key], value))
}

export type { Assertions }

export default new Assertions()
