/** The Messaging Agent: its connection to the relay, its queues, and what finds requests in mailboxes. */
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import type { Frame, Receipt } from '#protocol/relay-frame.ts'
import type { RelayClient, RelayClientState, RelayHandlers, ServerReady } from '#relay/relay-client.ts'
import { startCourier } from './courier.ts'
import { startDesk } from './desk/desk.ts'
import type { AgentEnv } from './domain.ts'
import { startAgentHousekeeping } from './housekeeping.ts'
import { takeFrame } from './inbound.ts'
import { makeNumbers } from './numbers.ts'
import { startPerformer } from './perform.ts'
import { raise } from './raise.ts'
import { makeReceipts } from './receipts.ts'
import { startRolling } from './rollover/loop.ts'
import { keepServed, sayServed } from './served.ts'

export interface AgentOptions {
  /** Mail domains this server serves; the relay says which of them it allows. */
  readonly domains: readonly string[]
  /** Connects to the relay with these handlers. */
  connect(handlers: RelayHandlers<ServerReady>): RelayClient
  /** Look into this user's mailbox now: the relay says that it mailed this request. */
  hint(address: MailAddress, txn: ActivationId): void
}

export interface Agent {
  relayState(): RelayClientState
  /** Something may have become due that this process did not commit itself. */
  poke(): void
  /** Domains of the configuration that the relay does not allow, once it has said so. */
  refusedDomains(): readonly string[]
  close(): Promise<void>
}

/** What decides over the policy and the books of a user's handhelds. */
const policySources = ['policies', 'groups', 'users'] as const

const generationName = 'relay_generation'

export function startAgent(given: AgentEnv, options: AgentOptions): Agent {
  let client: RelayClient | null = null
  let refused: readonly string[] = []
  const courier = startCourier(given, () => client)
  const numbers = makeNumbers(given.store)
  const desk = startDesk({ ...given, outgoing: courier }, numbers)
  const env: AgentEnv = { ...given, outgoing: courier, provisioned: desk.provisioned }
  const performer = startPerformer(env, numbers)
  const receipts = makeReceipts(env)
  const rolling = startRolling(env, numbers.seq)
  const ports = {
    nextSeq: numbers.seq,
    receipt: (frame: Receipt) => {
      courier.answered(frame.mid)
      return receipts.take(frame)
    },
    acknowledge: (mid: Uint8Array) => void client?.send({ type: 'frame_ack', mid }),
    hinted: (frame: Extract<Frame, { type: 'hint' }>) => hinted(env, options, frame),
    domainsAllowed: (allowed: readonly string[]) => {
      refused = options.domains.filter((domain) => !allowed.includes(domain))
      if (refused.length > 0)
        env.log.error(
          { code: 'relay.domain_refused', domains: refused.join(' ') },
          'the relay refused a domain',
        )
    },
  }
  client = options.connect({
    onReady: async (ready) => {
      courier.connected()
      await greet(env, options, (frame) => client?.send(frame) ?? false, ready)
      courier.poke()
    },
    laneOf,
    onFrame: (frame) => takeFrame(env, ports, frame),
  })
  const served = keepServed(env, (frame) => client?.send(frame) ?? false)
  const stopListening = env.store.onCommit((changed) => {
    if (changed.has('work') || changed.has('users')) performer.poke()
    if (changed.has('deliveries')) courier.poke()
    if (changed.has('queue')) desk.poke()
    if (policySources.some((one) => changed.has(one))) desk.changed()
    if (changed.has('rollovers')) rolling.poke()
    if (changed.has('handhelds') || changed.has('users')) served()
  })
  const stopHousekeeping = startAgentHousekeeping(env, () => {
    performer.poke()
    courier.poke()
    desk.poke()
  })
  const connected = client
  return {
    relayState: () => connected.state(),
    poke: () => {
      performer.poke()
      courier.poke()
      desk.poke()
    },
    refusedDomains: () => refused,
    close: async () => {
      stopHousekeeping()
      stopListening()
      await connected.close()
      await receipts.close()
      await Promise.all([performer.close(), desk.close(), rolling.close()])
      await courier.close()
    },
  }
}

/** What comes from one handheld is taken in order, and so is what the relay says of one frame. */
function laneOf(frame: Frame): string | null {
  switch (frame.type) {
    case 'deliver':
      return frame.from.kind === 'handheld' ? frame.from.pin : frame.from.srpId
    case 'receipt':
      return toHex(frame.mid)
    case 'hint':
      return frame.txn
    default:
      return null
  }
}

/** After each log-in: which domains and handhelds are served, and, to a restored relay, everything again. */
async function greet(
  env: AgentEnv,
  options: AgentOptions,
  send: (frame: Frame) => boolean,
  ready: ServerReady,
): Promise<void> {
  send({ type: 'srp_domains', domains: options.domains })
  const remembered = await env.store.installation.find(generationName)
  const generation = String(ready.generation)
  if (remembered === null || Buffer.from(remembered).toString() !== generation) {
    await env.store.deliveries.hurryAll(env.clock.nowMs())
    await env.store.installation.put(generationName, Buffer.from(generation))
  } else await env.store.deliveries.hurryAtLogin(env.clock.nowMs())
  await sayServed(env, send)
}

/** A hint gives no right: it makes the server look, and lets `explain` say that the mail is on its way. */
async function hinted(
  env: AgentEnv,
  options: AgentOptions,
  frame: Extract<Frame, { type: 'hint' }>,
): Promise<void> {
  const { address, txn } = frame
  const user = await env.store.users.byAddress(address)
  if (!user) return
  const atMs = env.clock.nowMs()
  const known = await env.store.activations.find(txn)
  if (known?.request) await raise(env, txn, () => ({ kind: 'asked_again', atMs }))
  else await raise(env, txn, () => ({ kind: 'relay_mailed', address, atMs }), {}, user.id)
  if (!known?.request) options.hint(user.address, txn)
}
