import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { PieceReading } from '../../../src/http/pieces.ts'
import { type Fault, fault } from '../../../src/model/fault.ts'
import type { TakePiece } from '../../../src/model/ports.ts'

const refusal = fault('invalid_body', 'no')
const slow = fault('overloaded', 'the taker is late')
const late = fault('request_timeout', 'the client is late')
const broken = new Error('a bug of the taker')

function open(take: TakePiece) {
  const request = new PassThrough()
  const over = Promise.withResolvers<Fault | null>()
  let settled = 0
  let went = 0
  const reading = new PieceReading(request as unknown as IncomingMessage, {
    limitBytes: 100,
    take,
    went: () => went++,
    untaken: slow,
    settle: (fault) => {
      settled++
      over.resolve(fault)
    },
    broke: (cause) => {
      settled++
      over.reject(cause)
    },
  })
  return { request, reading, over: over.promise, settled: () => settled, went: () => went }
}

t.test('a body is handed over piece by piece', async (t) => {
  const rows: readonly (readonly [string, TakePiece])[] = [
    ['to one that answers at once', () => null],
    ['to one that takes its time', async () => null],
  ]
  for (const [name, take] of rows) {
    const pieces: string[] = []
    const { request, over } = open((piece) => {
      pieces.push(piece.toString())
      return take(piece)
    })
    request.write('a')
    request.end('b')
    t.equal(await over, null, name)
    t.equal(pieces.join(''), 'ab', name)
  }
})

t.test('a fault of the taker ends it', async (t) => {
  const rows: readonly (readonly [string, TakePiece])[] = [
    ['at once', () => refusal],
    ['later', async () => refusal],
  ]
  for (const [name, take] of rows) {
    const { request, over } = open(take)
    request.write('a')
    t.equal(await over, refusal, name)
  }
})

t.test('a taker that breaks is told of to whoever reads, once', async (t) => {
  const rows: readonly (readonly [string, TakePiece])[] = [
    [
      'at once',
      () => {
        throw broken
      },
    ],
    [
      'later',
      async () => {
        throw broken
      },
    ],
  ]
  for (const [name, take] of rows) {
    const { request, reading, over, settled } = open(take)
    request.end('a')
    await t.rejects(over, broken, name)
    t.equal(request.isPaused(), true, `${name}: no more is read`)
    reading.fail(refusal)
    await new Promise((resolve) => setImmediate(resolve))
    t.equal(settled(), 1, `${name}: once`)
  }
})

t.test('a taker that breaks after its request was given up', async (t) => {
  const taken = Promise.withResolvers<Fault | null>()
  const { request, reading, over, settled } = open(() => taken.promise)
  request.write('a')
  await new Promise((resolve) => setImmediate(resolve))
  reading.fail(refusal)
  t.equal(settled(), 0, 'not while a piece is being taken')
  taken.reject(broken)
  await t.rejects(over, broken)
})

t.test('whoever is late when the time is up is told so', async (t) => {
  const waiting = open(() => null)
  waiting.request.write('a')
  await new Promise((resolve) => setImmediate(resolve))
  waiting.reading.late(late)
  t.equal(await waiting.over, late, 'the client, while nothing is being taken')

  const taken = Promise.withResolvers<Fault | null>()
  const held = open(() => taken.promise)
  held.request.end('a')
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(held.went(), 1, 'the time of a piece begins when it came')
  held.reading.late(null)
  t.equal(await held.over, slow, 'the taker, even of the last piece, and at once')
  taken.resolve(null)
  await taken.promise
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(held.settled(), 1, 'what comes later is too late')

  const done = open(() => null)
  done.request.end('a')
  done.reading.late(null)
  t.equal(await done.over, null, 'nobody, where all of it is there and was taken')

  const given = Promise.withResolvers<Fault | null>()
  const left = open(() => given.promise)
  left.request.write('a')
  await new Promise((resolve) => setImmediate(resolve))
  left.reading.fail(refusal)
  left.reading.late(late)
  t.equal(await left.over, refusal, 'the first reason counts')
})
