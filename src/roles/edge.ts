/**
 * Everything through which a running server meets the world: time, chance, disk and network. The product hands in
 * the machine's; the simulation hands in its own, and so runs this same composition.
 */
import { serveAdmin } from '#admin/socket/server.ts'
import { startExtractor } from '#agent/extract-worker.ts'
import { type KeyStretching, scryptStretching } from '#crypto/key-stretching.ts'
import { type RsaSign, signOnThread } from '#crypto/rsa-sign.ts'
import { watchDescriptors } from '#edge/descriptors.ts'
import { failpointAt, systemClock, systemRandom } from '#edge/system.ts'
import { commandTokens } from '#edge/token-command.ts'
import { endpointTokens } from '#edge/token-endpoint.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { Metrics } from '#kernel/metrics.ts'
import type { Random } from '#kernel/random.ts'
import { imapMailServer } from '#mailbox/imap-mailbox.ts'
import { startRelayServer } from '#relay/server.ts'
import { webSocketDial } from '#relay/ws-dial.ts'
import { makeSmtpClient } from '#smtp-client/smtp-client.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import { wholeCheckBytesMax } from '#store/sqlite/soundness.ts'
import type { Store } from '#store/store.ts'

export interface StoreRequest {
  readonly path: string
  readonly writer: 'thread' | 'inline'
  /** Other processes work on the same database: look for their commits. */
  readonly shared: boolean
  readonly log: Log
  /** Told how long commits take and how many writes share one. */
  readonly metrics: Metrics
  readonly onMigrated: (versions: readonly number[]) => void
}

export interface Edge {
  readonly clock: Clock
  readonly random: Random
  readonly failpoint: Failpoint
  /** How activation passwords are stretched. */
  readonly stretching: KeyStretching
  /** How policies and commands are signed. */
  readonly sign: RsaSign
  /** @throws Fault store.* */
  openStore(request: StoreRequest): Store
  /** The agent's way to users' mailboxes. */
  readonly mailServer: typeof imapMailServer
  /** Where access tokens for it come from. */
  readonly tokens: { readonly byCommand: typeof commandTokens; readonly byEndpoint: typeof endpointTokens }
  /** The agent's way to the relay. */
  readonly dialRelay: typeof webSocketDial
  /** The relay's network side and its way to mail servers. */
  readonly startRelayServer: typeof startRelayServer
  /** The way of mails that bring passwords to mail servers. */
  readonly smtpClient: typeof makeSmtpClient
  readonly startExtractor: typeof startExtractor
  readonly serveAdmin: typeof serveAdmin
  readonly watchDescriptors: typeof watchDescriptors
}

/** @param failpoint the name of the point where a test ends the process */
export const machineEdge = (failpoint?: string): Edge => ({
  clock: systemClock,
  random: systemRandom,
  failpoint: failpointAt(failpoint),
  stretching: scryptStretching,
  sign: signOnThread,
  openStore,
  mailServer: imapMailServer,
  tokens: { byCommand: commandTokens, byEndpoint: endpointTokens },
  dialRelay: webSocketDial,
  startRelayServer,
  smtpClient: makeSmtpClient,
  startExtractor,
  serveAdmin,
  watchDescriptors,
})

const sharedPollMs = 200

const openStore = ({ path, writer, shared, log, metrics, onMigrated }: StoreRequest): Store =>
  openSqliteStore({
    path,
    writer,
    nowMs: systemClock.nowMs,
    monotonicMs: systemClock.monotonicMs,
    onBatch: (calls) => metrics.observe('postkey_store_commit_batch_calls', {}, calls),
    onWritten: (tookMs) => metrics.observe('postkey_store_commit_duration_seconds', {}, tookMs / 1000),
    onMigrated,
    // A command is over in a moment, and `db verify` looks at everything.
    wholeCheckBytesMax: writer === 'thread' ? wholeCheckBytesMax : 0,
    ...(shared ? { poll: (check: () => void) => repeatedly(check, log) } : {}),
  })

/** A look that fails is logged and tried again: it must not end the process. */
function repeatedly(check: () => void, log: Log): () => void {
  const look = () => {
    try {
      check()
    } catch (error) {
      log.warn({ code: faultCodeOf(error) }, 'the database could not be looked at')
    }
  }
  const timer = setInterval(look, sharedPollMs)
  return () => clearInterval(timer)
}
