/** A QR code in a terminal is read as what it holds, whatever the terminal's colours are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import decodeQr from 'qr/decode.js'
import { renderQr } from '#cli/qr.ts'

const text = 'postkey:activate?address=alice%40example.test&password=k7mq-2x9p-wr4t'
const scale = 4
const [blackOnWhite, reset] = ['\u001b[38;5;16;48;5;231m', '\u001b[0m']

/** What a camera sees: each character two pixels high, `ink` where it is drawn and `paper` where it is not. */
function seen(drawn: string, ink: number, paper: number): string {
  const rows = drawn
    .trimEnd()
    .split('\n')
    .flatMap((line) => [
      [...line].map((one) => (one === '█' || one === '▀' ? ink : paper)),
      [...line].map((one) => (one === '█' || one === '▄' ? ink : paper)),
    ])
  const width = Math.max(...rows.map((row) => row.length))
  const [w, h] = [width * scale, rows.length * scale]
  const data = new Uint8Array(w * h * 4)
  for (let i = 0; i < w * h; i += 1) {
    const grey = rows[Math.floor(i / w / scale)]?.[Math.floor((i % w) / scale)] ?? paper
    data.fill(grey, i * 4, i * 4 + 4)
  }
  return decodeQr({ width: w, height: h, data })
}

test('on a terminal it is black on white by itself, on light and dark backgrounds alike', () => {
  const drawn = renderQr(text, { people: true, dumb: false })
  const lines = drawn.trimEnd().split('\n')
  for (const line of lines) assert(line.startsWith(blackOnWhite) && line.endsWith(reset))
  assert.equal(seen(drawn.replaceAll(blackOnWhite, '').replaceAll(reset, ''), 0, 255), text)
  assert(lines.every((line) => line.length < 80))
})

test('without colours it is drawn for light text on a dark background', () => {
  for (const where of [
    { people: false, dumb: false },
    { people: true, dumb: true },
  ]) {
    const drawn = renderQr(text, where)
    assert(!drawn.includes('\u001b'))
    assert.equal(seen(drawn, 255, 0), text)
  }
})
