/** Reads the vectors beside it; every value in hexadecimal comes out as bytes by `hex`. */
import { readFileSync } from 'node:fs'
import { fromHex } from '#kernel/bytes.ts'

type Fields = Readonly<Record<string, string | number | readonly number[]>>

interface VectorFile {
  readonly rfc9383: Fields
  readonly cases: readonly { readonly input: Fields; readonly output: Fields }[]
  readonly wire: { readonly input: Fields; readonly output: Fields }
}

/** One group of values, read by name; a name that is missing fails the test that asks for it. */
export interface Values {
  text(name: string): string
  number(name: string): number
  hex(name: string): Uint8Array
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))

const file = read('mdap1.json') as VectorFile

export const rfc9383 = values(read('rfc9383.json') as Fields)
export const wireInput = values(file.wire.input)
export const wireOutput = values(file.wire.output)
export const cases = file.cases.map(({ input, output }) => ({ input: values(input), output: values(output) }))

function values(fields: Fields): Values {
  const text = (name: string): string => {
    const value = fields[name]
    if (typeof value !== 'string') throw new Error(`no text ${name} in the vectors`)
    return value
  }
  return {
    text,
    hex: (name) => fromHex(text(name)),
    number: (name) => {
      const value = fields[name]
      if (typeof value !== 'number') throw new Error(`no number ${name} in the vectors`)
      return value
    },
  }
}

/** Cuts a packet of the vectors, [header, body], into its two byte strings; their heads are 58 xx or 59 xxxx. */
export function packetParts(packet: Uint8Array): { header: Uint8Array; body: Uint8Array } {
  const [header, bodyAt] = byteString(packet, 1)
  const [body] = byteString(packet, bodyAt)
  return { header, body }
}

function byteString(bytes: Uint8Array, at: number): [Uint8Array, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const long = bytes[at] === 0x59
  const start = at + (long ? 3 : 2)
  const end = start + (long ? view.getUint16(at + 1) : view.getUint8(at + 1))
  return [bytes.slice(start, end), end]
}

/** A CBOR array of texts, nulls and byte strings under 256 bytes: what log-ins and certificates are signed over. */
export function cborArray(...items: readonly (string | null | Uint8Array)[]): Uint8Array {
  const chunks = items.map((item) => {
    if (item === null) return Buffer.of(0xf6)
    const bytes = Buffer.from(item)
    const major = typeof item === 'string' ? 0x60 : 0x40
    const head = bytes.length < 24 ? [major + bytes.length] : [major + 24, bytes.length]
    return Buffer.concat([Buffer.from(head), bytes])
  })
  return new Uint8Array(Buffer.concat([Buffer.of(0x80 + items.length), ...chunks]))
}
