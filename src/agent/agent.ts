/** The Messaging Agent: its connection to the relay, its queues, and what finds requests in mailboxes. */
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import type { RelayClient, RelayClientState, RelayHandlers, ServerReady } from '#relay/relay-client.ts'
import { startCourier } from './courier.ts'
import type { AgentEnv } from './domain.ts'
import { startAgentHousekeeping } from './housekeeping.ts'
import { takeFrame } from './inbound.ts'
import { makeSequence } from './packets.ts'
import { startPerformer } from './perform.ts'
import { raise } from './raise.ts'

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

const generationName = 'relay_generation'

export function startAgent(env: AgentEnv, options: AgentOptions): Agent {
  const nextSeq = makeSequence(env)
  const performer = startPerformer(env, nextSeq)
  let client: RelayClient | null = null
  let refused: readonly string[] = []
  const courier = startCourier(env, () => client)
  const ports = {
    nextSeq,
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
      await greet(env, options, (frame) => client?.send(frame) ?? false, ready)
      courier.poke()
    },
    onFrame: (frame) => takeFrame(env, ports, frame),
  })
  const served = keepServed(env, (frame) => client?.send(frame) ?? false)
  const stopListening = env.store.onCommit((changed) => {
    if (!changed.has('activations') && !changed.has('deliveries') && !changed.has('users')) return
    performer.poke()
    courier.poke()
    served()
  })
  const stopHousekeeping = startAgentHousekeeping(env, () => {
    performer.poke()
    courier.poke()
  })
  const connected = client
  return {
    relayState: () => connected.state(),
    poke: () => {
      performer.poke()
      courier.poke()
    },
    refusedDomains: () => refused,
    close: async () => {
      stopHousekeeping()
      stopListening()
      await connected.close()
      await Promise.all([performer.close(), courier.close()])
    },
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
  // The relay keeps the list; saying it again costs little and heals whatever it has lost.
  await sayServed(env, send)
}

async function sayServed(env: AgentEnv, send: (frame: Frame) => boolean): Promise<ReadonlySet<Pin>> {
  const pins = await env.store.handhelds.servedPins()
  for (const list of inLists(pins)) send({ type: 'srp_serve', pins: list })
  return new Set(pins)
}

/** As many as one frame may carry, and again. */
const inLists = (pins: readonly Pin[]): Pin[][] =>
  Array.from({ length: Math.ceil(pins.length / limits.pinsPerListMax) }, (_, i) =>
    pins.slice(i * limits.pinsPerListMax, (i + 1) * limits.pinsPerListMax),
  )

/** Tells the relay of each change in the handhelds served, before what is due to them goes out. */
function keepServed(env: AgentEnv, send: (frame: Frame) => boolean): () => void {
  let told: ReadonlySet<Pin> = new Set()
  let running = false
  let again = false
  const look = async (): Promise<void> => {
    const now = new Set(await env.store.handhelds.servedPins())
    const added = [...now].filter((pin) => !told.has(pin))
    const gone = [...told].filter((pin) => !now.has(pin))
    const addedSent = inLists(added).every((pins) => send({ type: 'srp_serve', pins }))
    const goneSent = inLists(gone).every((pins) => send({ type: 'srp_drop', pins }))
    if (addedSent && goneSent) told = now
  }
  const turn = (): void => {
    if (running) {
      again = true
      return
    }
    running = true
    look()
      .catch((error) =>
        env.log.error({ code: faultCodeOf(error) }, 'the list of handhelds could not be read'),
      )
      .finally(() => {
        running = false
        if (again) {
          again = false
          turn()
        }
      })
  }
  return turn
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
