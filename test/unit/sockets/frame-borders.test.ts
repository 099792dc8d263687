import t from 'tap'
import { closeFrame, FrameBorders } from '../../../src/sockets/frame-borders.ts'

const MASK = Buffer.from([1, 2, 3, 4])

function frame(first: number, size: number, isMasked: boolean): Buffer {
  const length = size < 126 ? [size] : size < 65536 ? [126, size >> 8, size & 255] : [127, 0, 0, 0, 0, 0, 1, 0, 0]
  const [short = 0, ...more] = length
  const head = [first, short | (isMasked ? 128 : 0), ...more, ...(isMasked ? MASK : [])]
  return Buffer.concat([Buffer.from(head), Buffer.alloc(size, 0x88)])
}

const FRAMES: readonly (readonly [name: string, frame: Buffer])[] = [
  ['an empty one', frame(0x81, 0, false)],
  ['an empty one with a mask', frame(0x81, 0, true)],
  ['a short one', frame(0x81, 125, true)],
  ['one with a length of two bytes', frame(0x82, 300, true)],
  ['one with a length of eight', frame(0x82, 65536, false)],
  ['a ping', frame(0x89, 3, true)],
  ['a piece of one', frame(0x01, 126, false)],
]

t.test('a border is where a frame ends, however the bytes come', async (t) => {
  for (const [name, bytes] of FRAMES) {
    for (const size of [1, 2, 3, 7, 64, bytes.length]) {
      const borders = new FrameBorders()
      const wrong: number[] = []
      for (let at = 0; at < bytes.length; at += size) {
        borders.push(bytes.subarray(at, at + size))
        if (borders.isAtBorder !== at + size >= bytes.length) wrong.push(at)
      }
      t.same(wrong, [], `${name}, ${size} at a time`)
      t.equal(borders.closeCode, null, `${name}: no goodbye`)
    }
  }
  const many = new FrameBorders()
  many.push(Buffer.concat([...FRAMES, ...FRAMES].map(([, bytes]) => bytes)))
  t.equal(many.isAtBorder, true, 'all in one piece')
  many.push(Buffer.from([0x81]))
  t.equal(many.isAtBorder, false)
})

t.test('a goodbye is read, with its code', async (t) => {
  for (const [name, bytes, code] of [
    ['of a server', closeFrame(1001, 'away', null), 1001],
    ['of a client', closeFrame(4321, 'bye', MASK), 4321],
    ['without a code', frame(0x88, 0, true), 1005],
    ['in a piece, which is none', frame(0x08, 2, false), null],
    ['of an extension', frame(0xc8, 2, false), null],
  ] as const) {
    for (const size of [1, bytes.length]) {
      const borders = new FrameBorders()
      borders.push(frame(0x81, 9, true))
      for (let at = 0; at < bytes.length; at += size) borders.push(bytes.subarray(at, at + size))
      t.same([borders.closeCode, borders.isAtBorder], [code, true], name)
    }
  }
  const twice = new FrameBorders()
  twice.push(Buffer.concat([closeFrame(1000, '', null), closeFrame(1002, '', null)]))
  t.equal(twice.closeCode, 1000, 'the first one counts')
})

t.test('a frame that never ends has no border', async (t) => {
  const borders = new FrameBorders()
  borders.push(Buffer.from([0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255]))
  borders.push(Buffer.alloc(100_000))
  t.equal(borders.isAtBorder, false)
})
