/** A QR code in a terminal: two modules in each character, black on white whatever the terminal's own colours are. */
import { qrModules } from '#invitation/qr.ts'
import type { Terminal } from './terminal.ts'

/** The palette's fixed black and white: a theme changes the first sixteen colours only. */
const blackOnWhite = '\u001b[38;5;16;48;5;231m'
const reset = '\u001b[0m'

export function renderQr(text: string, { people, dumb }: Pick<Terminal, 'people' | 'dumb'>): string {
  const rows = qrModules(text)
  const coloured = people && !dumb
  const lines = []
  for (let y = 0; y < rows.length; y += 2) {
    const line = (rows[y] ?? []).map((dark, x) => halves(dark, rows[y + 1]?.[x] ?? false, coloured)).join('')
    lines.push(coloured ? `${blackOnWhite}${line}${reset}` : line)
  }
  return `${lines.join('\n')}\n`
}

/** Without colours light modules are drawn, for a terminal whose text is light on dark. */
function halves(upperDark: boolean, lowerDark: boolean, coloured: boolean): string {
  const [upper, lower] = coloured ? [upperDark, lowerDark] : [!upperDark, !lowerDark]
  if (upper && lower) return '█'
  if (upper) return '▀'
  return lower ? '▄' : ' '
}
