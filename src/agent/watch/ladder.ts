/** What the agent has learned about the ways of watching, and which of them it uses at the moment. */
import type { Clock } from '#kernel/clock.ts'
import type { Log } from '#kernel/log.ts'
import type { MailboxAbilities, MailServer } from '#mailbox/mailbox.ts'
import {
  type CounterLook,
  climb,
  counterLookOf,
  type Proof,
  type Rung,
  type Strategy,
  type WatchFacts,
} from './choose.ts'

export interface Ladder {
  /** All rungs as of now, the best first. */
  rungs(): readonly Rung[]
  /** How counters are looked at; null: by the pass over every mailbox alone. */
  look(): CounterLook | null
  uses(strategy: Strategy): boolean
  /** The server with what is learned from each of its connections. */
  learning(server: MailServer): MailServer
  watched(mailboxes: number): void
  /** A canary was told of after so long, or, null, not in time. */
  proved(strategy: Strategy, tookMs: number | null): void
}

export type LadderOptions = Pick<
  WatchFacts,
  'strategy' | 'relayHint' | 'pushHook' | 'idleConnectionsMax' | 'isNamespace'
>

export function makeLadder(
  options: LadderOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Ladder {
  const proofs = new Map<Strategy, Proof>()
  let abilities: MailboxAbilities | null = null
  let mailboxes = 0
  let rungs = climb({ ...options, abilities, mailboxes, proofs })

  /** Logged when another way of looking is used from now on. */
  const climbAgain = (): void => {
    const before = counterLookOf(rungs)
    rungs = climb({ ...options, abilities, mailboxes, proofs })
    const now = counterLookOf(rungs)
    if (now === before) return
    const why = rungs.flatMap(({ strategy, use, says }) => (use === 'used' && strategy === now ? says : []))
    log.info({ strategy: now ?? 'interval', detail: why.join(' ') }, 'mailboxes are looked at another way')
  }

  return {
    rungs: () => rungs,
    look: () => counterLookOf(rungs),
    uses: (strategy) => rungs.some((rung) => rung.strategy === strategy && rung.use === 'used'),
    learning: (server) => ({
      connect: async (login) => {
        const connection = await server.connect(login)
        abilities = connection.abilities
        climbAgain()
        return connection
      },
    }),
    watched: (count) => {
      mailboxes = count
      climbAgain()
    },
    proved: (strategy, tookMs) => {
      const before = proofs.get(strategy)
      const isSame = before !== undefined && (before.tookMs === null) === (tookMs === null)
      // Since when it fails is what somebody wants to know.
      const atMs = isSame && tookMs === null ? before.atMs : clock.nowMs()
      proofs.set(strategy, { atMs, tookMs })
      if (tookMs === null && !isSame)
        log.warn({ strategy, code: 'watch.not_told' }, 'a way of watching did not tell of mail in time')
      climbAgain()
    },
  }
}
