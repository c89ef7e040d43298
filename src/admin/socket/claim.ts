/** Makes a server listen at the admin socket's path, where nobody living listens there. */
import { chmodSync, linkSync, renameSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { Fault } from '#kernel/fault.ts'
import { isAnswering } from './probe.ts'

export const ownerOnly = 0o600
/** For the owner's group too: whose group that is, the directory decides (its set-group-ID bit). */
export const ownerAndGroup = 0o660

/**
 * A socket that a dead server left behind is replaced.
 * @throws Fault admin.running where another server answers there; admin.file where it cannot be made
 */
export async function claimSocket(server: Server, socketPath: string, mode = ownerOnly): Promise<void> {
  try {
    if (!(await listen(server, socketPath))) {
      await clearAway(socketPath)
      if (!(await listen(server, socketPath))) throw new Fault('admin.running', socketPath)
    }
    chmodSync(socketPath, mode)
  } catch (error) {
    throw error instanceof Fault ? error : new Fault('admin.file', socketPath, error)
  }
}

/** False where the path is taken. */
async function listen(server: Server, socketPath: string): Promise<boolean> {
  // The socket is born with the mask of the process: nobody else can connect before its mode is set.
  const mask = process.umask(0o177)
  try {
    return await new Promise<boolean>((resolve, reject) => {
      const settle = (error?: NodeJS.ErrnoException) => {
        server.off('error', settle).off('listening', settle)
        if (!error) resolve(true)
        else if (error.code === 'EADDRINUSE') resolve(false)
        else reject(error)
      }
      server.once('error', settle).once('listening', () => settle())
      server.listen(socketPath)
      process.umask(mask)
    })
  } finally {
    process.umask(mask)
  }
}

/**
 * Two processes may find the same dead socket, and the first may have its own there before the second removes it.
 * What was moved aside can still be asked, and a living one gets its name back.
 * @throws Fault admin.running
 */
async function clearAway(socketPath: string): Promise<void> {
  if (await isAnswering(socketPath)) throw new Fault('admin.running', socketPath)
  const aside = `${socketPath}.${process.pid}`
  try {
    renameSync(socketPath, aside)
  } catch (error) {
    // Somebody else has cleared it away.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  const living = await isAnswering(aside)
  if (living) giveBack(aside, socketPath)
  rmSync(aside, { force: true })
  if (living) throw new Fault('admin.running', socketPath)
}

/** Unless a third has come meanwhile, which then answers as well as this one would. */
function giveBack(aside: string, socketPath: string): void {
  try {
    linkSync(aside, socketPath)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}
