/** Mailbox names on the wire: modified UTF-7 (RFC 3501 section 5.1.3). */

export function encodeMutf7(name: string): string {
  return name.replace(/&|[^\x20-\x7e]+/g, (run) => {
    if (run === '&') return '&-'
    const bytes = Buffer.from(run, 'utf16le').swap16()
    return `&${bytes.toString('base64').replaceAll('/', ',').replace(/=+$/, '')}-`
  })
}

/** The name, or null where the text is not what `encodeMutf7` makes of any name. */
export function decodeMutf7(text: string): string | null {
  const name = text.replace(/&([A-Za-z0-9+,]*)-/g, (_whole, coded: string) => {
    if (coded === '') return '&'
    const bytes = Buffer.from(coded.replaceAll(',', '/'), 'base64')
    return bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le') : '\ufffd'
  })
  return encodeMutf7(name) === text && name.isWellFormed() ? name : null
}
