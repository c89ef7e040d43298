/** Draws docs/pictures/activation.svg from a real run: `npm run picture`. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Hop {
  readonly name: string
  readonly atMs: number
  readonly detail: string
}

interface Demo {
  readonly ok: boolean
  readonly shown: readonly string[]
  readonly timeline: readonly Hop[]
  readonly total_ms: number
  readonly stages_ms: Readonly<Record<string, number>>
}

const width = 1000
const lineHeight = 26
const top = 96
const handheldWidth = 360
const namesAt = 400
const barsAt = 720
const barsWidth = 250

function picture({ shown, timeline, stages_ms }: Demo): string {
  // Hops that the mail's own headers tell have whole seconds only: the finer ones are drawn.
  const fine = timeline.filter(({ atMs }) => atMs % 1000 !== 0)
  const height = top + Math.max(fine.length, 9) * lineHeight + 56
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">
<title>One activation: what the handheld shows, and every hop behind it</title>
<style>
  .paper { fill: #ffffff } .ink { fill: #1f2328 } .quiet { fill: #59636e } .case { fill: #eef1f4; stroke: #c8ced6 }
  .glass { fill: #14324a } .lit { fill: #d8ecff } .done { fill: #7ee2a8 } .bar { fill: #0969da } .rule { stroke: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .quiet { fill: #9198a1 } .case { fill: #161b22; stroke: #3d444d }
    .glass { fill: #0b2235 } .bar { fill: #4493f8 } .rule { stroke: #3d444d }
  }
</style>
<rect class="paper" width="${width}" height="${height}"/>
<text class="ink" x="24" y="40" font-size="20" font-weight="600">One activation, from a real run</text>
<text class="quiet" x="24" y="64">${escaped(`${((stages_ms.active ?? 0) / 1000).toFixed(2)} s from Activate to Activation Complete, over SMTP, IMAP and the relay`)}</text>
${handheld(shown, height)}
${hops(fine)}
</svg>
`
}

function handheld(shown: readonly string[], height: number): string {
  const lines = shown.flatMap((text) => wrapped(text, 34).map((line, i) => ({ line, begins: i === 0, text })))
  const rows = lines.map(({ line, begins, text }, i) => {
    const y = top + 58 + i * lineHeight
    const kind = text === 'Activation Complete' ? 'done' : 'lit'
    return `<text class="${kind}" x="${begins ? 52 : 66}" y="${y}">${escaped(line)}</text>`
  })
  return `<rect class="case" x="24" y="${top}" width="${handheldWidth - 24}" height="${height - top - 40}" rx="18"/>
<rect class="glass" x="38" y="${top + 16}" width="${handheldWidth - 52}" height="${height - top - 72}" rx="8"/>
${rows.join('\n')}`
}

function hops(fine: readonly Hop[]): string {
  const [first] = fine
  const last = fine.at(-1)
  const spanMs = Math.max(1, (last?.atMs ?? 0) - (first?.atMs ?? 0))
  const place = (atMs: number) => barsAt + ((atMs - (first?.atMs ?? 0)) / spanMs) * barsWidth
  const rows = fine.map((hop, i) => {
    const y = top + 18 + i * lineHeight
    const from = place(fine[i - 1]?.atMs ?? hop.atMs)
    const to = place(hop.atMs)
    return `<text class="ink" x="${namesAt}" y="${y}">${escaped(hop.name)}</text>
<rect class="bar" x="${from.toFixed(1)}" y="${y - 11}" width="${Math.max(2, to - from).toFixed(1)}" height="12" rx="2"/>`
  })
  const foot = top + fine.length * lineHeight + 26
  return `${rows.join('\n')}
<line class="rule" x1="${barsAt}" y1="${foot - 18}" x2="${barsAt + barsWidth}" y2="${foot - 18}"/>
<text class="quiet" x="${barsAt}" y="${foot}" font-size="12">0 ms</text>
<text class="quiet" x="${barsAt + barsWidth}" y="${foot}" font-size="12" text-anchor="end">${Math.round(spanMs)} ms</text>`
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || `${line} ${word}`.length > columns) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const root = join(import.meta.dirname, '..', '..')
const output = execFileSync(join(root, 'bin', 'postkey'), ['demo', '--json'], { encoding: 'utf8' })
const demo = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Demo
if (!demo.ok) throw new Error('the demo did not complete')
writeFileSync(join(import.meta.dirname, 'activation.svg'), picture(demo))
