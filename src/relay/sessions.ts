/** Who is logged in now: one session per name, the newest. */
import type { Clock } from '#kernel/clock.ts'
import type { Log } from '#kernel/log.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import type { RelayName, RelayStore, SettledFrame } from '#store/relay.ts'
import type { AdmittedFrame } from './admission.ts'
import { noteDisplacement } from './displacement.ts'
import { closeCode, type RelayRole } from './link.ts'

export interface Session {
  readonly name: RelayName
  readonly role: RelayRole
  /** Mail domains a server said it serves. */
  readonly domains: ReadonlySet<string>
  send(frame: Frame): void
  /** Frames may wait in its queue. */
  wake(): void
  /** This frame is now in its queue. */
  offer(frame: AdmittedFrame): void
  /** This frame of its queue is gone: it is not waited for any more. */
  forget(frameId: number): void
  /** Nothing it says counts any more; resolves whether it still answers a ping. */
  retire(): Promise<boolean>
  close(code: number): void
}

export interface Sessions {
  add(session: Session): void
  remove(session: Session): void
  find(name: RelayName): Session | undefined
  all(): Iterable<Session>
  /** Frames have left the queue: their senders hear it, and their receivers' windows open. */
  settle(frames: readonly SettledFrame[]): void
}

interface SessionsEnv {
  readonly clock: Clock
  readonly log: Log
  readonly store: RelayStore
}

export function makeSessions(env: SessionsEnv): Sessions {
  const sessions = new Map<RelayName, Session>()
  const displacements = new Map<RelayName, readonly number[]>()

  const displace = async (older: Session): Promise<void> => {
    const alive = await older.retire()
    older.close(closeCode.displaced)
    env.log.info({ name: older.name, alive, code: 'relay.displaced' }, 'a newer log-in displaced this one')
    if (!alive || older.role !== 'server') return
    const { timesMs, suspend } = noteDisplacement(
      displacements.get(older.name) ?? [],
      env.clock.monotonicMs(),
    )
    displacements.set(older.name, timesMs)
    if (suspend) await suspendCopied(older.name)
  }

  const suspendCopied = async (name: RelayName): Promise<void> => {
    displacements.delete(name)
    await env.store.suspend(name, 'five live log-ins displaced each other within a minute')
    env.log.warn({ name, code: 'relay.suspended' }, 'suspended: its key seems to be in use twice')
    sessions.get(name)?.close(closeCode.suspended)
  }

  const reportFailure = (error: unknown): void =>
    env.log.error({ error: String(error) }, 'a displaced session could not be settled')

  return {
    add: (session) => {
      const older = sessions.get(session.name)
      sessions.set(session.name, session)
      if (older) displace(older).catch(reportFailure)
    },
    remove: (session) => {
      if (sessions.get(session.name) === session) sessions.delete(session.name)
    },
    find: (name) => sessions.get(name),
    all: () => sessions.values(),
    settle: (frames) => {
      for (const { id, sender, receiver, mid, status, tokenPin } of frames) {
        sessions.get(receiver)?.forget(id)
        const pin = status === 1 && tokenPin ? { pin: tokenPin } : {}
        sessions.get(sender)?.send({ type: 'receipt', mid, status, ...pin })
      }
    },
  }
}
