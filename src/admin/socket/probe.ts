import { createConnection } from 'node:net'
import { Fault } from '#kernel/fault.ts'

/**
 * Whether a process listens at `socketPath`. A socket left behind by a dead one refuses the connection.
 * @throws Fault admin.file where the socket may not be opened by this user
 */
export function isAnswering(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const nobody = error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK'
      if (nobody) resolve(false)
      else reject(new Fault('admin.file', `${socketPath}: ${error.code ?? error.message}`, error))
    })
  })
}
