/** A lock file with the holder's process id: two processes with one handheld would use each number twice. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { Fault } from '#kernel/fault.ts'

/**
 * Takes the lock, also one that a killed process left behind.
 * @returns what lets go of it
 * @throws Fault handheld.in_use
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const release = () => rm(path, { force: true })
  if (await tryTake(path)) return release
  const holder = Number(await readFile(path, 'utf8').catch(() => ''))
  if (holder === process.pid || isRunning(holder)) throw new Fault('handheld.in_use', `process ${holder}`)
  await rm(path, { force: true })
  if (await tryTake(path)) return release
  throw new Fault('handheld.in_use')
}

async function tryTake(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process cannot be signalled, and is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
