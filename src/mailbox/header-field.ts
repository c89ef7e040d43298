/** A field of a mail's header block, unfolded; null: there is none. `name` in lower case. */
export function headerField(header: Uint8Array, name: string): string | null {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('latin1')
  const block = /^[\s\S]*?(?:\r?\n\r?\n|$)/.exec(text)?.[0] ?? ''
  for (const line of block.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0 && line.slice(0, colon).trim().toLowerCase() === name) return line.slice(colon + 1).trim()
  }
  return null
}
