/** How this program is called where the person is: a command that is shown is one that can be typed. */
import { realpathSync } from 'node:fs'
import { delimiter, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ownFile = fileURLToPath(new URL('../bin/postkey', import.meta.url))

/** `postkey` where it is found on the PATH, else the way to the file. */
export function programName(path: string | undefined, cwd: string, file = ownFile): string {
  const own = realOf(file) ?? file
  const first = (path ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => realOf(join(directory, 'postkey')))
    .find((found) => found !== null)
  if (first === own) return 'postkey'
  const near = relative(cwd, file)
  return near.startsWith('..') ? file : near.includes('/') ? near : `./${near}`
}

function realOf(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}
