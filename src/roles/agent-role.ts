/** The Messaging Agent of this installation: which server it is, what it may do, and what it watches. */

import type { AgentFacts } from '#activation/path.ts'
import type { Check } from '#admin/views.ts'
import { type Agent, startAgent } from '#agent/agent.ts'
import type { AgentEnv, Domain } from '#agent/domain.ts'
import { takeBatch } from '#agent/intake.ts'
import type { MailboxesState } from '#agent/mailbox-state.ts'
import { startRetention } from '#agent/retention.ts'
import { startWatching, type Watching } from '#agent/watching.ts'
import { readSecretFile } from '#config/secret-file.ts'
import { nobleMlKem } from '#crypto/ml-kem-noble.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { type MailAddress, parseRelayId, type RelayId } from '#kernel/brand.ts'
import { fromHex } from '#kernel/bytes.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import { connectServer } from '#relay/client.ts'
import type { RelayHandlers, ServerReady } from '#relay/relay-client.ts'
import type { Base } from './base.ts'
import { type FreshKeys, keepKeysFresh } from './fresh-keys.ts'
import { agentFacts, agentHealth } from './health.ts'
import { startInvitationMails } from './invitations.ts'
import { suitesOf } from './key-terms.ts'
import { makePushHook, type PushHook } from './push-hook.ts'
import { openRelayIdentity, ownRelayId, ownSrpId } from './relay-role.ts'
import { keyFromHex, ownSrpKey } from './secrets.ts'
import { caIn, dialHost, trustIn } from './tls.ts'
import { type WatchedServer, watchedServer, watchingOptions } from './watch-options.ts'

export interface AgentRole {
  /** How the agent's ends of a user's way stand: the mailbox and the relay connection. */
  path(owner: MailAddress): AgentFacts
  health(): readonly Check[]
  /** How far the relay's clock is ahead of ours, by its last log-in answer; null: none yet. */
  relayAheadMs(): number | null
  mailboxState(): MailboxesState
  poolStats(): ReturnType<Watching['poolStats']>
  ladder(): ReturnType<Watching['ladder']>
  /** Why the relay cannot be worked with now; null: it can. */
  relayMissing(): { readonly code: FaultCode; readonly detail: string } | null
  /** Whether the first try to log in at the relay has come to an end. */
  relayTried(): boolean
  /** The one way to the users' mailboxes that this process has. */
  readonly mail: WatchedServer
  /** What the mail server's push hook says goes here. */
  readonly push: PushHook
  close(): Promise<void>
}

/** Where the other roles of this process listen; null for those that run elsewhere. */
export interface Ports {
  readonly smtp: number | null
  readonly imap: number | null
  readonly imapTls: number | null
  readonly relay: number | null
  readonly http: number | null
}

export async function startAgentRole(base: Base, ports: Ports): Promise<AgentRole> {
  const log = base.log.with({ role: 'agent' })
  const access = await relayAccess(base, ports)
  let announced: readonly Uint8Array[] = []
  let relayTime: { readonly wallMs: number; readonly monotonicMs: number } | null = null
  const pinned = access.sealKeys
  // What may fail comes before what would have to be ended again.
  const mail = await watchedServer(base, ports.imap)
  const keys = keepKeysFresh(base)
  const env: AgentEnv = {
    ...base,
    log,
    p256: nodeP256,
    kem: nobleMlKem,
    sign: base.edge.sign,
    domain: await describeDomain(base, keys, access.relayId, () => (pinned.length > 0 ? pinned : announced)),
  }
  let watching: Watching | null = null
  const agent = startAgent(env, {
    domains: base.config.server.domains,
    connect: (handlers) =>
      connectServer({
        ...access,
        dial: base.edge.dialRelay({ ...access, role: 'server' }),
        handlers: noting(handlers, (ready) => {
          announced = ready.sealKeys
          relayTime = { wallMs: ready.now * 1000, monotonicMs: base.clock.monotonicMs() }
        }),
        refusal: () => leaseRefusal(base.store.installation, env.domain.fence),
        srpId: env.domain.srpId,
        pinnedSealKeys: pinned,
        clock: base.clock,
        random: base.random,
        log,
      }),
    hint: (address, txn) => watching?.hint(address, txn),
  })
  const extractor = base.edge.startExtractor({ clock: base.clock })
  const { store } = base
  watching = startWatching(
    {
      ...mail,
      extractor,
      store,
      clock: base.clock,
      random: base.random,
      log,
      served: async () => (await store.users.list()).map(({ address }) => address),
      liveGrants: () => store.users.withLiveGrant(base.clock.nowMs()),
      intake: (batch) => takeBatch(env, batch),
    },
    watchingOptions(base),
  )
  const watched = watching
  const push = makePushHook(base, watched)
  const invitations = startInvitationMails(base, ports.smtp ?? base.config.smtp.port)
  const retention = startRetention(env, base.config.activation.history_days)
  return {
    ...told(base, agent, watched, push),
    push,
    relayAheadMs: () => relayTime && aheadMs(base.clock, relayTime),
    mail,
    close: async () => {
      keys.stop()
      for (const one of [invitations, retention, watched, extractor, agent]) await one.close()
    },
  }
}

/** What the agent says of itself, to whoever asks. */
const told = (
  base: Base,
  agent: Agent,
  watching: Watching,
  push: PushHook,
): Pick<
  AgentRole,
  'path' | 'health' | 'mailboxState' | 'poolStats' | 'ladder' | 'relayMissing' | 'relayTried'
> => ({
  path: (owner) => agentFacts(base, agent, watching, owner),
  health: () => [...agentHealth(base, agent, watching), ...push.health()],
  mailboxState: watching.mailboxState,
  poolStats: watching.poolStats,
  ladder: watching.ladder,
  relayTried: () => agent.relayState().stage !== 'connecting',
  relayMissing: () => {
    const { stage, code, detail } = agent.relayState()
    return stage === 'ready' ? null : { code: code ?? 'relay.unreachable', detail }
  },
})

/** The relay tells whole seconds: what is less than one is no difference. */
function aheadMs(clock: Clock, heard: { readonly wallMs: number; readonly monotonicMs: number }): number {
  const ahead = heard.wallMs + (clock.monotonicMs() - heard.monotonicMs) - clock.nowMs()
  return ahead <= 0 && ahead > -1_000 ? 0 : ahead
}

/** The client tells what the relay announced before anything that was sealed with it can be judged. */
const noting = (
  handlers: RelayHandlers<ServerReady>,
  note: (ready: ServerReady) => void,
): RelayHandlers<ServerReady> => ({
  ...handlers,
  onReady: (ready) => {
    note(ready)
    return handlers.onReady(ready)
  },
})

export interface RelayAccess {
  readonly url: string
  readonly relayId: RelayId
  readonly srpKey: Uint8Array
  readonly ca?: string
  readonly sealKeys: readonly Uint8Array[]
}

/** The epoch is taken at the start: whoever started later holds the lease. */
async function leaseRefusal(
  installation: Base['store']['installation'],
  { epoch }: Domain['fence'],
): Promise<FaultCode | null> {
  return (await installation.lastNumber('epoch')) > epoch ? 'relay.fenced' : null
}

/** The relay of the configuration, or this installation's own. */
export async function relayAccess(base: Base, ports: Ports): Promise<RelayAccess> {
  const { relay_client: client, relay } = base.config
  if (!client.url) {
    const identity = await openRelayIdentity(base)
    return {
      url: `wss://${dialHost(relay.host)}:${ports.relay ?? relay.port}`,
      relayId: ownRelayId(base.config),
      srpKey: await ownSrpKey(base),
      sealKeys: identity.sealPublicKeys,
      ...trustIn(base, relay, client.ca_file),
    }
  }
  const relayId = parseRelayId(client.relay_id)
  if (!relayId) throw new Fault('config.invalid', 'relay_client.relay_id is missing')
  return {
    url: client.url,
    relayId,
    srpKey: keyFromHex(readSecretFile(client.srp_key_file), client.srp_key_file),
    sealKeys: client.seal_keys.map(fromHex),
    ...caIn(client.ca_file),
  }
}

/** The epoch rises at each start, so that the relay refuses a machine that was paused and replaced. */
async function describeDomain(
  base: Base,
  keys: FreshKeys,
  relayId: RelayId,
  sealKeys: () => readonly Uint8Array[],
): Promise<Domain> {
  const { config, store } = base
  const [generation, epoch] = [
    await store.installation.generation(),
    await store.installation.takeNumbers('epoch', 1),
  ]
  return {
    organisation: config.server.organisation,
    srpId: ownSrpId(config),
    relayId,
    sealKeys,
    get caCertificate() {
      return keys.current().caDer
    },
    get policySigner() {
      return keys.current().policySigner
    },
    get policySignerDer() {
      return keys.current().policySignerDer
    },
    terms: { suites: suitesOf(config), profiles: [1], postQuantum: config.activation.post_quantum },
    handheldsPerUser: config.activation.handhelds_per_user,
    fence: { generation, epoch },
    resendCapMs: config.policy.resend_cap_minutes * 60_000,
    cutOffMs: config.policy.cut_off_hours * 3_600_000,
  }
}
