/** A small disk of its own for one test, which can be filled and emptied. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { run } from '../support/process.ts'

export interface SmallDisk {
  readonly directory: string
  /** Takes every byte that is left. */
  fill(): void
  /** Gives them back. */
  empty(): void
}

const chunkBytes = 64 * 1024

/** Null, with the test skipped, where this user may not mount; with CI=true that is a failure. */
export async function mountSmallDisk(t: TestContext, mebibytes: number): Promise<SmallDisk | null> {
  const directory = mkdtempSync(join(tmpdir(), 'postkey-disk-'))
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', directory])
  if (mounted.code !== 0) {
    rmSync(directory, { recursive: true, force: true })
    const why = `no disk can be mounted here: ${mounted.stderr.trim()}`
    if (process.env.CI === 'true') throw new Error(why)
    t.skip(why)
    return null
  }
  t.after(async () => {
    // Whoever still uses it keeps it until the end.
    await run('umount', ['-l', directory])
    rmSync(directory, { recursive: true, force: true })
  })
  const filler = join(directory, 'filler')
  return {
    directory,
    fill: () => fill(filler),
    empty: () => rmSync(filler, { force: true }),
  }
}

function fill(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (let bytes = chunkBytes; bytes >= 1; )
      try {
        writeSync(file, Buffer.alloc(bytes, 1))
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
        bytes = Math.floor(bytes / 2)
      }
  } finally {
    closeSync(file)
  }
}
