import fc from 'fast-check'
import t from 'tap'
import { BodyBudget } from '../../../src/pipeline/body-budget.ts'

t.test('a caller may hold its share and not a byte more', async (t) => {
  const budget = new BodyBudget(400, 50)
  const first = budget.open('a')
  t.equal(first.take(60), null)
  t.equal(first.take(40), null)
  t.equal(first.take(1)?.code, 'rate_limit_exceeded')
  t.equal(budget.open('a').take(1)?.code, 'rate_limit_exceeded', 'in whatever request')
  t.equal(budget.open('b').take(100), null, 'another caller has a share of its own')
  first.release()
  t.equal(budget.open('a').take(100), null, 'what is released can be used again')
})

t.test('all callers together may hold the whole', async (t) => {
  const budget = new BodyBudget(100, 50)
  t.equal(budget.open('a').take(50), null)
  t.equal(budget.open('b').take(50), null)
  t.equal(budget.open('c').take(1)?.code, 'overloaded')
})

t.test('one body of the largest size fits, however small the whole is', async (t) => {
  const budget = new BodyBudget(10, 50)
  const allowance = budget.open('a')
  t.equal(allowance.take(50), null)
  t.equal(allowance.take(1)?.code, 'rate_limit_exceeded')
})

t.test('whatever is taken and released, what is held is what is open, and never over the limits', async (t) => {
  const steps = fc.array(fc.record({ who: fc.constantFrom('a', 'b', 'c'), bytes: fc.nat(60), ends: fc.boolean() }))
  fc.assert(
    fc.property(steps, (list) => {
      const budget = new BodyBudget(200, 40)
      let open = 0
      for (const { who, bytes, ends } of list) {
        const allowance = budget.open(who)
        const taken = allowance.take(bytes) === null
        if (ends || !taken) allowance.release()
        else open += bytes
        if (budget.heldBytes !== open || open > 200) return false
      }
      return true
    }),
  )
  t.pass()
})

t.test('what fills up is told apart', async (t) => {
  for (const [where, reason] of [
    ['memory', 'body_budget'],
    ['disk', 'spool_budget'],
  ] as const) {
    const budget = new BodyBudget(400, 50, where)
    const callers = ['a', 'b', 'c', 'd', 'e'].map((caller) => budget.open(caller))
    t.match(callers[0]?.take(101), { code: 'rate_limit_exceeded', reason }, `${where}: of one caller`)
    for (const caller of callers.slice(0, 4)) t.equal(caller.take(100), null)
    t.match(callers[4]?.take(1), { code: 'overloaded', reason }, `${where}: of all`)
  }
})
