/** The relay itself, whatever carries its connections: links come in, `close` ends it in good order. */

import { acceptLink } from './accept.ts'
import { makeAcknowledger } from './acknowledger.ts'
import { makeAdmission } from './admission.ts'
import { makeDoorkeeper } from './doorkeeper.ts'
import { startHousekeeping } from './housekeeping.ts'
import type { RelayEnv, RelayHub } from './hub.ts'
import { closeCode, type LinkListener, type RelayLink, type RelayRole } from './link.ts'
import type { Mailer } from './mailer.ts'
import { networkOf } from './network.ts'
import { makePostOffice } from './post-office.ts'
import { makeSessions } from './sessions.ts'

export interface Relay {
  /** A new connection; the listener is to be told everything that happens on `link`. */
  accept(role: RelayRole, address: string | undefined, link: RelayLink): LinkListener
  /** A mail of this transaction came back from the mail server. */
  readonly postOffice: Pick<RelayHub['postOffice'], 'bounced'>
  /** How many are logged in now. */
  sessions(): Readonly<Record<RelayRole, number>>
  /** Sends everybody away (1012 by default) and resolves when all that was begun is stored. */
  close(code?: number): Promise<void>
}

/** How long the other sides may take to close. */
const closeGraceMs = 2_000

export function startRelay(env: RelayEnv, mailer: Mailer): Relay {
  const sessions = makeSessions(env)
  const acknowledger = makeAcknowledger(env, sessions)
  const admission = makeAdmission(env, {
    offer: (frame) => sessions.find(frame.receiver)?.offer(frame),
    lookAgain: () => {
      for (const session of sessions.all()) session.wake()
    },
  })
  const hub: RelayHub = {
    ...env,
    sessions,
    acknowledger,
    admission,
    postOffice: makePostOffice(env, sessions, mailer),
  }
  const doorkeeper = makeDoorkeeper(env.settings, env.clock)
  const links = new Set<RelayLink>()
  let allGone = (): void => {}
  const stopHousekeeping = startHousekeeping(hub)
  hub.postOffice.wake()
  return {
    accept: (role, address, link) => {
      links.add(link)
      return acceptLink(hub, doorkeeper, { role, network: networkOf(address), link }, () => {
        links.delete(link)
        if (links.size === 0) allGone()
      })
    },
    postOffice: hub.postOffice,
    sessions: () => {
      const counts = { device: 0, server: 0 }
      for (const { role } of sessions.all()) counts[role] += 1
      return counts
    },
    close: async (code = closeCode.restart) => {
      const gone =
        links.size === 0
          ? null
          : new Promise<void>((resolve) => {
              allGone = resolve
            })
      for (const link of links) link.close(code)
      const cancel = env.clock.after(closeGraceMs, () => {
        for (const link of links) link.terminate()
      })
      await Promise.all([gone, stopHousekeeping(), hub.postOffice.close()])
      cancel()
      await Promise.all([admission.settled(), acknowledger.settled()])
    },
  }
}
