/** The administrator's HTTP listener of this process: its health, and what its roles tell of themselves. */
import { counterLookOf, counterLooks } from '#agent/watch/choose.ts'
import { makeApp } from '#http/app.ts'
import { listenHttp } from '#http/listen.ts'
import type { MetricsRegistry, Reading } from '#telemetry/prom-metrics.ts'
import type { AgentRole } from './agent-role.ts'
import type { Base } from './base.ts'
import type { Listening } from './mail-roles.ts'
import { dependenciesOf } from './readiness.ts'
import type { RunningRoles } from './running-roles.ts'

/** Most of what waits that is counted one by one. */
const countedMax = 10_000

export async function startHttp(
  base: Base,
  metrics: MetricsRegistry,
  now: () => RunningRoles,
): Promise<Listening> {
  const { http } = base.config
  metrics.readFrom(async () => {
    const { agent, imap, relay } = now()
    return [
      ...(await storeReadings(base, relay)),
      ...agentReadings(base, agent),
      ...(imap ? [{ name: 'postkey_imap_sessions' as const, value: imap.sessions() }] : []),
      ...relayReadings(relay),
    ]
  })
  const agent = () => now().agent
  const app = makeApp({
    mailHook: {
      clock: base.clock,
      token: () => agent()?.push.token ?? null,
      heard: (hint) => agent()?.push.heard(hint),
      refused: (code) => agent()?.push.refused(code),
    },
    dependencies: dependenciesOf(base, agent),
    metrics: metrics.text,
    metricsType: metrics.contentType,
  })
  return listenHttp(app, http.host, http.port)
}

async function storeReadings(base: Base, relay: RunningRoles['relay']): Promise<Reading[]> {
  const { store, clock } = base
  const nowMs = clock.nowMs()
  const queued = relay ? await store.relay.countQueued() : { frames: 0, mails: 0 }
  return [
    {
      name: 'postkey_activations_open',
      value: (await store.activations.list({ open: true, limit: countedMax })).length,
    },
    { name: 'postkey_passwords_open', value: (await store.users.withLiveGrant(nowMs)).length },
    { name: 'postkey_work_waiting', value: (await store.activations.dueWork(nowMs, countedMax)).length },
    { name: 'postkey_deliveries_waiting', value: await store.deliveries.countRunning() },
    { name: 'postkey_relay_frames_queued', value: queued.frames },
    { name: 'postkey_relay_mails_queued', value: queued.mails },
    ...(await governedReadings(base, nowMs)),
  ]
}

/** Handhelds at work, and what they are due. */
async function governedReadings({ store, config }: Base, nowMs: number): Promise<Reading[]> {
  const cutOffMs = config.policy.cut_off_hours * 3_600_000
  const { refused, setAside, owed, live } = await store.queue.troubled(nowMs - cutOffMs)
  return [
    { name: 'postkey_handhelds_active', value: await store.handhelds.countActive() },
    { name: 'postkey_handhelds_cut_off', value: cutOffMs > 0 ? owed : 0 },
    { name: 'postkey_queue_items_waiting', value: live },
    { name: 'postkey_queue_items_stopped', value: refused + setAside },
    { name: 'postkey_key_rollovers_open', value: (await store.rollovers.unfinished()).length },
  ]
}

function agentReadings({ clock }: Base, agent: AgentRole | null): Reading[] {
  if (!agent) return []
  const { watched, faults, oldestLookedAtMs, neverLooked } = agent.mailboxState()
  const pool = agent.poolStats()
  // A mailbox that was never looked at has no time: since the start of time is the honest answer.
  const lastMs = neverLooked > 0 ? 0 : (oldestLookedAtMs ?? clock.nowMs())
  return [
    { name: 'postkey_mailboxes_watched', value: watched },
    { name: 'postkey_mailboxes_failing', value: faults.length },
    ...strategyReadings(agent),
    { name: 'postkey_mailbox_last_success_timestamp_seconds', value: lastMs / 1000 },
    { name: 'postkey_mailbox_connections_open', value: pool.open },
    { name: 'postkey_mailbox_connections_busy', value: pool.busy },
    { name: 'postkey_mailbox_connections_max', value: pool.max },
    { name: 'postkey_mailbox_connections_waiting', value: pool.waiting },
    { name: 'postkey_mailbox_connections_idling', value: pool.idling },
    { name: 'postkey_mailbox_connects_total', label: 'ok', value: pool.opened },
    { name: 'postkey_mailbox_connects_total', label: 'failed', value: pool.connectFailures },
    { name: 'postkey_mailbox_connections_lost_total', value: pool.lost },
    { name: 'postkey_scans_total', label: 'ok', value: pool.scanned },
    { name: 'postkey_scans_total', label: 'failed', value: pool.scansFailed },
    {
      name: 'postkey_push_last_heard_timestamp_seconds',
      value: (agent.push.pushHeard()?.atMs ?? 0) / 1000,
    },
    { name: 'postkey_relay_connected', value: agent.relayMissing() ? 0 : 1 },
    { name: 'postkey_relay_clock_ahead_seconds', value: (agent.relayAheadMs() ?? 0) / 1000 },
  ]
}

function strategyReadings(agent: AgentRole): Reading[] {
  const used = counterLookOf(agent.ladder().rungs) ?? 'interval'
  return [...counterLooks, 'interval'].map((label) => ({
    name: 'postkey_watch_strategy',
    label,
    value: label === used ? 1 : 0,
  }))
}

const relayReadings = (relay: RunningRoles['relay']): Reading[] =>
  relay
    ? Object.entries(relay.sessions()).map(([label, value]) => ({
        name: 'postkey_relay_sessions',
        label,
        value,
      }))
    : []
