/** QR codes: as modules, and as a PNG for a mail. */
import { crc32, deflateSync } from 'node:zlib'
import encodeQr from 'qr'

/** Rows of modules, true where dark, with the quiet zone that readers need around them. */
export const qrModules = (text: string): readonly (readonly boolean[])[] =>
  encodeQr(text, 'raw', { ecc: 'medium', border: quietModules })

const quietModules = 4
const pixelsPerModule = 6
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** Black on white whatever is behind it: one bit a pixel, no transparency. */
export function qrPng(text: string): Buffer {
  const rows = qrModules(text)
  const side = rows.length * pixelsPerModule
  const line = Buffer.alloc(1 + Math.ceil(side / 8))
  const lines = rows.flatMap((row) => {
    line.fill(0)
    for (let x = 0; x < side; x += 1)
      if (!row[Math.floor(x / pixelsPerModule)])
        line[1 + (x >> 3)] = (line[1 + (x >> 3)] ?? 0) | (0x80 >> (x & 7))
    return Array.from({ length: pixelsPerModule }, () => Buffer.from(line))
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 1
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(lines))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
