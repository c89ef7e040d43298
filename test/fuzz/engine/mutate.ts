/** Seeded mutations of byte strings: flips, splices, edits of lengths, words of the format. */

/** A whole number from 0 up to but without `below`. */
export type Dice = (below: number) => number

/** Mulberry32: small, seeded, good enough to choose with. */
export function makeDice(seed: number): Dice {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

export interface Material {
  readonly dice: Dice
  /** Another input of the corpus, to splice with. */
  other(): Uint8Array
  readonly dictionary: readonly Uint8Array[]
  readonly bytesMax: number
}

/** Heads of CBOR, ends of ranges, and what lines and quotes are made of. */
const interesting = [
  0, 1, 9, 10, 13, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x20, 0x22, 0x28, 0x29, 0x2a, 0x2d, 0x2e, 0x3a, 0x3b, 0x3d,
  0x40, 0x5b, 0x5c, 0x5f, 0x7b, 0x7d, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xf6, 0xf7, 0xfb, 0xfe, 0xff,
]
const numbers = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]

type Mutation = (bytes: Uint8Array, material: Material) => Uint8Array

const replaced = (bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array => {
  const out = new Uint8Array(bytes.length - (to - from) + by.length)
  out.set(bytes.subarray(0, from))
  out.set(by, from)
  out.set(bytes.subarray(to), from + by.length)
  return out
}

const withByte = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const out = bytes.slice()
  if (at < out.length) out[at] = value
  return out
}

function range(length: number, dice: Dice): [from: number, to: number] {
  const from = dice(length + 1)
  const span = dice(4) === 0 ? dice(length - from + 1) : Math.min(dice(9), length - from)
  return [from, from + span]
}

const mutations: readonly Mutation[] = [
  (bytes, { dice }) => {
    const at = dice(bytes.length)
    return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << dice(8)))
  },
  (bytes, { dice }) => withByte(bytes, dice(bytes.length), dice(256)),
  (bytes, { dice }) => withByte(bytes, dice(bytes.length), interesting[dice(interesting.length)] ?? 0),
  (bytes, { dice }) => {
    const at = dice(bytes.length)
    return withByte(bytes, at, (bytes[at] ?? 0) + dice(9) - 4)
  },
  (bytes, { dice }) => {
    const [from, to] = range(bytes.length, dice)
    return replaced(bytes, from, to, new Uint8Array())
  },
  (bytes, { dice }) => {
    const [from, to] = range(bytes.length, dice)
    return replaced(bytes, from, from, bytes.subarray(from, to))
  },
  (bytes, { dice }) => {
    const fill = new Uint8Array(1 + dice(8)).map(() => interesting[dice(interesting.length)] ?? 0)
    const at = dice(bytes.length + 1)
    return replaced(bytes, at, at, fill)
  },
  (bytes, { dice }) => bytes.slice(0, dice(bytes.length + 1)),
  editedLength,
  editedDigits,
  (bytes, material) => word(bytes, material, 'insert'),
  (bytes, material) => word(bytes, material, 'overwrite'),
  (bytes, { dice, other }) => {
    const second = other()
    const [from, to] = range(second.length, dice)
    const at = dice(bytes.length + 1)
    return replaced(bytes, at, Math.min(bytes.length, at + dice(9)), second.subarray(from, to))
  },
  (bytes, { dice, other }) => {
    const second = other()
    const at = dice(bytes.length + 1)
    return replaced(bytes, at, bytes.length, second.subarray(dice(second.length + 1)))
  },
  (bytes, { dice }) => {
    const [from, to] = range(bytes.length, dice)
    const times = 1 << (1 + dice(6))
    const run = bytes.subarray(from, to)
    return replaced(bytes, to, to, new Uint8Array(Buffer.concat(Array.from({ length: times }, () => run))))
  },
]

/** A big-endian number of 1, 2 or 4 bytes, put anywhere. */
function editedLength(bytes: Uint8Array, { dice }: Material): Uint8Array {
  const width = 1 << dice(3)
  if (bytes.length < width) return bytes
  const out = Buffer.from(bytes)
  const at = dice(bytes.length - width + 1)
  out.writeUIntBE((numbers[dice(numbers.length)] ?? 0) % 2 ** (8 * width), at, width)
  return new Uint8Array(out)
}

/** A decimal number of the text, replaced by another. */
function editedDigits(bytes: Uint8Array, { dice }: Material): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1')
  const found = [...text.matchAll(/\d+/g)]
  const chosen = found[dice(found.length)]
  if (!chosen) return bytes
  const number = String(numbers[dice(numbers.length)] ?? 0)
  return replaced(bytes, chosen.index, chosen.index + chosen[0].length, new Uint8Array(Buffer.from(number)))
}

function word(bytes: Uint8Array, { dice, dictionary }: Material, how: 'insert' | 'overwrite'): Uint8Array {
  const chosen = dictionary[dice(dictionary.length)]
  if (!chosen) return bytes
  const at = dice(bytes.length + 1)
  return replaced(bytes, at, how === 'insert' ? at : Math.min(bytes.length, at + chosen.length), chosen)
}

/** One mutation, or up to eight one after the other; never longer than `bytesMax`. */
export function mutate(base: Uint8Array, material: Material): Uint8Array {
  let bytes = base
  const count = material.dice(2) === 0 ? 1 : 1 << material.dice(4)
  for (let left = count; left > 0; left -= 1) {
    const mutation = mutations[material.dice(mutations.length)]
    if (mutation) bytes = mutation(bytes, material).subarray(0, material.bytesMax)
  }
  return bytes.slice()
}
