import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { PieceReading } from '../../../src/http/pieces.ts'
import { type Fault, fault } from '../../../src/model/fault.ts'
import type { TakePiece } from '../../../src/model/ports.ts'

const refusal = fault('invalid_body', 'no')
const broken = new Error('a bug of the taker')

function open(take: TakePiece) {
  const request = new PassThrough()
  const over = Promise.withResolvers<Fault | null>()
  let settled = 0
  const reading = new PieceReading(request as unknown as IncomingMessage, {
    limitBytes: 100,
    take,
    went: () => undefined,
    settle: (fault) => {
      settled++
      over.resolve(fault)
    },
    broke: (cause) => {
      settled++
      over.reject(cause)
    },
  })
  return { request, reading, over: over.promise, settled: () => settled }
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
