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

/** Paragraphs broken anew to `width`, the words of `  name   words` under each other; other lines stay as they are. */
export const reflow = (text: string, width: number): string =>
  text
    .replace(/^\S.*(?:\n\S.*)*$/gm, (paragraph) => wrap(paragraph.replaceAll('\n', ' '), width).join('\n'))
    .replace(/^( {2}\S+ {2,})(\S.*)$/gm, (line, name: string, words: string) =>
      line.length <= width
        ? line
        : name + wrap(words, Math.max(20, width - name.length)).join(`\n${' '.repeat(name.length)}`),
    )

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
