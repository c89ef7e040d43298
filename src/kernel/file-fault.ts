/** What the operating system says of a file that cannot be read or written, in words. */
import { Fault } from './fault.ts'

const says: Readonly<Record<string, string>> = {
  EEXIST: 'is there already',
  ENOENT: 'is not there, or its directory is not',
  EACCES: 'cannot be opened with your rights',
  EISDIR: 'is a directory',
  ENOSPC: 'finds no space left',
}

export function fileFault(path: string, error: unknown): Fault {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null
  const why = typeof code === 'string' ? says[code] : undefined
  return new Fault('admin.file', why ? `${path} ${why}` : path, error)
}
