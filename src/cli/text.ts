/** Text for terminals: what came from outside must not steer them. */

/** Control characters written out, so that a name cannot move the cursor or colour the screen. */
export const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
    (symbol) => `\\u${symbol.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Words broken into lines of at most `width`; a longer word keeps a line for itself. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length > width && line !== '') {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

/** `name   value` lines, values wrapped under their beginning. */
export function fields(
  pairs: readonly (readonly [string, string | null])[],
  width: number,
  indent = 2,
): string {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null && pair[1] !== '')
  if (shown.length === 0) return ''
  const nameWidth = Math.max(...shown.map(([name]) => name.length)) + 2
  const lines = shown.flatMap(([name, value]) =>
    wrap(visible(value), Math.max(20, width - nameWidth - indent)).map(
      (line, i) => ' '.repeat(indent) + (i === 0 ? name : '').padEnd(nameWidth) + line,
    ),
  )
  return `${lines.join('\n')}\n`
}

/** `snake_case` names as people read them. */
export const spaced = (name: string): string => name.replaceAll('_', ' ')

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`
